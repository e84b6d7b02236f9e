package hub

import (
	"fmt"
	"slices"
	"strings"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// filter says which events a socket is sent. The zero filter lets all pass.
type filter struct {
	markets []string // in order; nil for all
	kinds   uint8    // a bit for each event.Kind; 0 for all
}

// What a client may ask for, so that its filter keeps little.
const (
	maxMarkets = 100
	maxMarket  = 64 // bytes of a name
)

// all tells that the filter lets all pass.
func (f *filter) all() bool { return f.markets == nil && f.kinds == 0 }

// setMarkets narrows the filter to some markets. It copies their names, which
// may be parts of a whole URL. It is an error where the list or a name is empty,
// or more than is taken.
func (f *filter) setMarkets(names []string) error {
	if len(names) == 0 {
		return errEmpty
	}
	if len(names) > maxMarkets {
		return fmt.Errorf("%d names, at most %d are taken", len(names), maxMarkets)
	}
	f.markets = make([]string, len(names))
	for i, name := range names {
		if name == "" {
			return errEmpty
		}
		if len(name) > maxMarket {
			return fmt.Errorf("a name of %d bytes, at most %d are taken", len(name), maxMarket)
		}
		f.markets[i] = strings.Clone(name)
	}
	slices.Sort(f.markets)
	f.markets = slices.Compact(f.markets)
	return nil
}

// setEvents narrows the filter to some kinds of events, by the keys of their
// messages. It is an error where the list is empty or has another name.
func (f *filter) setEvents(names []string) error {
	if len(names) == 0 {
		return errEmpty
	}
	for _, name := range names {
		switch name {
		case event.Order.String():
			f.kinds |= 1 << event.Order
		case event.Trade.String():
			f.kinds |= 1 << event.Trade
		default:
			return errUnknown
		}
	}
	return nil
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
