package exchange

import (
	"cmp"
	"slices"

	"ranger/internal/event"
)

// Query selects orders or trades. The zero value selects all.
type Query struct {
	Market MarketID
	Side   Side  // for trades: the user's side
	State  State // for orders only
	Limit  int   // items per page; all if not above zero
	Page   int   // from 1; lower numbers count as 1
}

// Order returns a user's order and its stored trades, newest first. It returns false if the
// user has no such order or it is no longer stored.
func (x *Exchange) Order(uid event.UID, id uint64) (Order, []Trade, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.orderLocked(uid, id)
	if o == nil {
		return Order{}, nil, false
	}
	return o.Order, newest(o.owner.trades, func(t *Trade) bool { return t.Ask.ID == id || t.Bid.ID == id }), true
}

// Orders returns a user's open and stored orders, newest first.
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

// Trades returns a user's stored trades, newest first. A trade of a user with itself
// appears once, with both sides.
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

// Recent returns a market's last trades, newest first, at most limit; all if limit is not
// above zero. Their orders are private to their owners.
func (x *Exchange) Recent(m MarketID, limit int) []Trade {
	b := x.books[m]
	if b == nil {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return page(newest(b.trades, func(*Trade) bool { return true }), Query{Limit: limit})
}

// Depth returns a market's book: on each side the best price first, at most limit prices;
// all if limit is not above zero. It returns false if there is no such market.
func (x *Exchange) Depth(m MarketID, limit int) (asks, bids []Level, ok bool) {
	b := x.books[m]
	if b == nil {
		return nil, nil, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return b.asks.show(limit), b.bids.show(limit), true
}

// orderLocked returns a user's order, or nil.
func (x *Exchange) orderLocked(uid event.UID, id uint64) *order {
	if u := x.users[uid]; u != nil {
		return u.orders[id]
	}
	return nil
}

// userOrdersLocked returns a user's orders that match q, of all pages, unsorted.
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

// page returns the items of q's page.
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
