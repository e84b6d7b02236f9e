package exchange

import (
	"slices"

	"github.com/shopspring/decimal"
)

// book holds a market's open limit orders and last trades.
type book struct {
	Market // fixed at construction

	asks, bids ladder
	trades     history[*Trade]
}

func newBook(m Market, kept int) *book {
	return &book{Market: m, asks: ladder{side: Sell}, bids: ladder{side: Buy}, trades: history[*Trade]{bound: kept}}
}

// of returns the ladder that holds orders of a side.
func (b *book) of(s Side) *ladder {
	if s == Sell {
		return &b.asks
	}
	return &b.bids
}

// against returns the ladder that orders of a side match with.
func (b *book) against(s Side) *ladder {
	if s == Sell {
		return &b.bids
	}
	return &b.asks
}

// ladder is one side of a book, best price first.
type ladder struct {
	side   Side
	levels []*level
}

// level holds the orders at one price, oldest first. It is never empty.
type level struct {
	price  decimal.Decimal
	orders []*order
}

// compare is negative if price a is better than b, positive if it is worse.
func (l *ladder) compare(a, b decimal.Decimal) int {
	if l.side == Sell {
		return a.Cmp(b)
	}
	return b.Cmp(a)
}

// find returns the index of a price's level, or the index at which to insert it.
func (l *ladder) find(price decimal.Decimal) (int, bool) {
	return slices.BinarySearchFunc(l.levels, price, func(at *level, price decimal.Decimal) int {
		return l.compare(at.price, price)
	})
}

// add appends a limit order to the orders at its price.
func (l *ladder) add(o *order) {
	i, ok := l.find(o.Price.Decimal)
	if !ok {
		l.levels = slices.Insert(l.levels, i, &level{price: o.Price.Decimal})
	}
	l.levels[i].orders = append(l.levels[i].orders, o)
}

// remove removes an order of this ladder.
func (l *ladder) remove(o *order) {
	i, _ := l.find(o.Price.Decimal)
	at := l.levels[i]
	j := slices.Index(at.orders, o)
	at.orders = slices.Delete(at.orders, j, j+1)
	if len(at.orders) == 0 {
		l.levels = slices.Delete(l.levels, i, i+1)
	}
}

// show returns the best prices, at most limit; all if limit is not above zero.
func (l *ladder) show(limit int) []Level {
	if limit <= 0 || limit > len(l.levels) {
		limit = len(l.levels)
	}
	shown := make([]Level, limit)
	for i, at := range l.levels[:limit] {
		shown[i].Price = at.price
		for _, o := range at.orders {
			shown[i].Volume = shown[i].Volume.Add(o.Remaining)
		}
	}
	return shown
}
