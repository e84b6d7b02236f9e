package exchange

import (
	"slices"

	"github.com/shopspring/decimal"
)

// book is a market's open limit orders and its last trades.
type book struct {
	Market // fixed at construction

	asks, bids ladder
	trades     history[*Trade]
}

func newBook(m Market, kept int) *book {
	return &book{Market: m, asks: ladder{side: Sell}, bids: ladder{side: Buy}, trades: history[*Trade]{bound: kept}}
}

// of returns the ladder on which orders of a side stand.
func (b *book) of(s Side) *ladder {
	if s == Sell {
		return &b.asks
	}
	return &b.bids
}

// against returns the ladder with which orders of a side match.
func (b *book) against(s Side) *ladder {
	if s == Sell {
		return &b.bids
	}
	return &b.asks
}

// ladder is one side of a book: the best price first.
type ladder struct {
	side   Side
	levels []*level
}

// level is the orders of one price, the oldest first. It is never empty.
type level struct {
	price  decimal.Decimal
	orders []*order
}

// compare is negative where price a comes before b, positive where it comes after.
func (l *ladder) compare(a, b decimal.Decimal) int {
	if l.side == Sell {
		return a.Cmp(b)
	}
	return b.Cmp(a)
}

// find returns where the level of a price is, or is to be.
func (l *ladder) find(price decimal.Decimal) (int, bool) {
	return slices.BinarySearchFunc(l.levels, price, func(at *level, price decimal.Decimal) int {
		return l.compare(at.price, price)
	})
}

// add puts a limit order behind the others of its price.
func (l *ladder) add(o *order) {
	i, ok := l.find(o.Price.Decimal)
	if !ok {
		l.levels = slices.Insert(l.levels, i, &level{price: o.Price.Decimal})
	}
	l.levels[i].orders = append(l.levels[i].orders, o)
}

// remove takes away an order that stands here.
func (l *ladder) remove(o *order) {
	i, _ := l.find(o.Price.Decimal)
	at := l.levels[i]
	j := slices.Index(at.orders, o)
	at.orders = slices.Delete(at.orders, j, j+1)
	if len(at.orders) == 0 {
		l.levels = slices.Delete(l.levels, i, i+1)
	}
}

// show returns the best prices, at most limit of them, all where limit is not above
// zero.
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
