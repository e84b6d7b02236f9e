package protocol

import (
	"fmt"
	"slices"
	"strings"

	"ranger/internal/event"
)

// Filter selects the events that a socket is sent. The zero value passes all.
type Filter struct {
	markets []string // sorted; nil for all
	kinds   uint8    // a bit for each event.Kind; 0 for all
}

// Bounds of what a client may ask for, so that its filter stays small.
const (
	maxMarkets = 100
	maxMarket  = 64 // bytes of a name
)

// IsZero reports whether the filter passes all events.
func (f *Filter) IsZero() bool { return f.markets == nil && f.kinds == 0 }

// setMarkets narrows the filter to some markets. It copies their names, which may be
// parts of a whole URL.
func (f *Filter) setMarkets(names []string) error {
	if len(names) == 0 {
		return errEmpty
	}
	if len(names) > maxMarkets {
		return fmt.Errorf("must be at most %d names, got %d", maxMarkets, len(names))
	}
	f.markets = make([]string, len(names))
	for i, name := range names {
		if name == "" {
			return errEmpty
		}
		if len(name) > maxMarket {
			return fmt.Errorf("must be names of at most %d bytes, got %d", maxMarket, len(name))
		}
		f.markets[i] = strings.Clone(name)
	}
	slices.Sort(f.markets)
	f.markets = slices.Compact(f.markets)
	return nil
}

// setEvents narrows the filter to some kinds of events, by the keys of their messages.
func (f *Filter) setEvents(names []string) error {
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

// Passes reports whether the socket is sent an event. An event without a market passes
// every list of markets.
func (f *Filter) Passes(kind event.Kind, message []byte) bool {
	if f.kinds != 0 && f.kinds&(1<<kind) == 0 {
		return false
	}
	if f.markets == nil {
		return true
	}
	market, ok := event.Market(message)
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
