package exchange

import (
	"cmp"
	"slices"

	"ranger/internal/event"
)

// Query says which orders or trades are wanted. The zero value: all.
type Query struct {
	Market MarketID
	Side   Side  // of a trade: the user's side
	State  State // of orders alone
	Limit  int   // on a page; all where it is not above zero
	Page   int   // from 1, which any lower number stands for
}

// Order returns an order of a user and its trades, newest first, as far as they are
// kept. It reports false where the user has no such order, or it is no longer kept.
func (x *Exchange) Order(uid event.UID, id uint64) (Order, []Trade, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.orderLocked(uid, id)
	if o == nil {
		return Order{}, nil, false
	}
	return o.Order, newest(o.owner.trades, func(t *Trade) bool { return t.Ask.ID == id || t.Bid.ID == id }), true
}

// Orders returns a user's orders that are open or kept, newest first.
func (x *Exchange) Orders(uid event.UID, q Query) []Order {
	x.mu.Lock()
	found := x.userOrdersLocked(uid, q)
	orders := make([]Order, len(found))
	for i, o := range found {
		orders[i] = o.Order
	}
	x.mu.Unlock()
	slices.SortFunc(orders, func(a, b Order) int { return cmp.Compare(b.ID, a.ID) })
	return page(orders, q)
}

// Trades returns a user's trades that are kept, newest first. One with oneself is
// there once, and has both sides.
func (x *Exchange) Trades(uid event.UID, q Query) []Trade {
	x.mu.Lock()
	defer x.mu.Unlock()
	u := x.users[uid]
	if u == nil {
		return nil
	}
	return page(newest(u.trades, func(t *Trade) bool {
		sold, bought := t.Ask.UID == uid && q.Side != Buy, t.Bid.UID == uid && q.Side != Sell
		return (q.Market == "" || t.Market == q.Market) && (sold || bought)
	}), q)
}

// Recent returns a market's last trades that are kept, newest first, at most limit
// of them, all where limit is not above zero. Their orders are their owners' alone.
func (x *Exchange) Recent(m MarketID, limit int) []Trade {
	b := x.books[m]
	if b == nil {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return page(newest(b.trades, func(*Trade) bool { return true }), Query{Limit: limit})
}

// Depth returns what stands in a market's book, on each side the best price first
// and at most limit prices, all where limit is not above zero. It reports false
// where there is no such market.
func (x *Exchange) Depth(m MarketID, limit int) (asks, bids []Level, ok bool) {
	b := x.books[m]
	if b == nil {
		return nil, nil, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return b.asks.show(limit), b.bids.show(limit), true
}

// orderLocked returns an order of a user, nil where there is none.
func (x *Exchange) orderLocked(uid event.UID, id uint64) *order {
	if u := x.users[uid]; u != nil {
		return u.orders[id]
	}
	return nil
}

// userOrdersLocked returns a user's orders that q asks for, of all pages, in no
// order.
func (x *Exchange) userOrdersLocked(uid event.UID, q Query) []*order {
	u := x.users[uid]
	if u == nil {
		return nil
	}
	var found []*order
	for _, o := range u.orders {
		if (q.Market == "" || o.Market == q.Market) && (q.Side == "" || o.Side == q.Side) && (q.State == "" || o.State == q.State) {
			found = append(found, o)
		}
	}
	return found
}

// page returns the items of the page that q asks for.
func page[T any](items []T, q Query) []T {
	if q.Limit <= 0 {
		if q.Page > 1 {
			return nil
		}
		return items
	}
	before := max(q.Page, 1) - 1
	if before > len(items)/q.Limit { // else the product might overflow
		return nil
	}
	items = items[before*q.Limit:]
	return items[:min(q.Limit, len(items))]
}
