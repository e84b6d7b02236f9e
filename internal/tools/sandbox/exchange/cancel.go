package exchange

import (
	"cmp"
	"slices"

	"ranger/internal/event"
)

// Cancel cancels a user's open order and returns the result; an order that has ended is
// returned unchanged. The error is an *Error: NotFound, also for another user's order and
// for one that is no longer stored, or Busy.
func (x *Exchange) Cancel(uid event.UID, id uint64) (Order, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.orderLocked(uid, id)
	if o == nil {
		return Order{}, refuse("id", NotFound, "there is no such order")
	}
	if o.State != Wait {
		return o.Order, nil
	}
	if err := x.roomLocked(1); err != nil {
		return Order{}, err
	}
	x.withdrawLocked(o)
	return o.Order, nil
}

// CancelAll cancels a user's open orders of a market and a side, or all if these are
// empty, oldest first, and returns them. It ignores the other fields of q. If the queue of
// changes has no room for all, the newest orders stay open.
func (x *Exchange) CancelAll(uid event.UID, q Query) []Order {
	x.mu.Lock()
	defer x.mu.Unlock()
	q = Query{Market: q.Market, Side: q.Side, State: Wait}
	open := x.userOrdersLocked(uid, q)
	slices.SortFunc(open, func(a, b *order) int { return cmp.Compare(a.ID, b.ID) })
	var ended []Order
	for _, o := range open {
		if x.roomLocked(1) != nil {
			break
		}
		x.withdrawLocked(o)
		ended = append(ended, o.Order)
	}
	return ended
}

// withdrawLocked removes an order from its book and cancels it.
func (x *Exchange) withdrawLocked(o *order) {
	o.book.of(o.Side).remove(o)
	o.Updated = x.now()
	x.cancelLocked(o)
}

// cancelLocked cancels an open order that is in no book.
func (x *Exchange) cancelLocked(o *order) {
	o.pays().unlock(o.locked)
	o.end(Cancel)
	x.addChangesLocked(Change{Order: new(o.Order)})
}
