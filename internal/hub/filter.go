package hub

import (
	"slices"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// filter says which events a socket is sent. The zero filter lets all pass.
type filter struct {
	markets []string // in order; nil for all
	kinds   uint8    // a bit for each event.Kind; 0 for all
}

// all tells that the filter lets all pass.
func (f *filter) all() bool { return f.markets == nil && f.kinds == 0 }

// setMarkets narrows the filter to some markets. It reports false where the list
// is empty, or one of them.
func (f *filter) setMarkets(names []string) bool {
	if len(names) == 0 || slices.Contains(names, "") {
		return false
	}
	slices.Sort(names)
	f.markets = slices.Clip(slices.Compact(names))
	return true
}

// setEvents narrows the filter to some kinds of events, by the keys of their
// messages. It reports false where the list is empty or has another name.
func (f *filter) setEvents(names []string) bool {
	for _, name := range names {
		switch name {
		case event.Order.String():
			f.kinds |= 1 << event.Order
		case event.Trade.String():
			f.kinds |= 1 << event.Trade
		default:
			return false
		}
	}
	return len(names) > 0
}

// passes tells whether the socket is sent an event. One without a market is of
// every market.
func (f *filter) passes(e *journal.Entry) bool {
	if f.kinds != 0 && f.kinds&(1<<e.Kind) == 0 {
		return false
	}
	if f.markets == nil {
		return true
	}
	market, ok := event.Market(e.Message)
	if !ok {
		return true
	}
	_, found := slices.BinarySearchFunc(f.markets, market, func(name string, market []byte) int {
		switch {
		case name == string(market):
			return 0
		case name < string(market):
			return -1
		default:
			return 1
		}
	})
	return found
}
