package exchange

import (
	"github.com/shopspring/decimal"
)

// user is what the exchange knows of one user.
type user struct {
	accounts map[Currency]*account // one for each currency of any market
	orders   map[uint64]*order     // by id: the open ones, and those in ended
	open     int                   // how many are open
	ended    history[*order]
	trades   history[*Trade] // a trade with oneself is there once
}

func newUser(currencies []Currency, kept int) *user {
	u := &user{
		accounts: map[Currency]*account{},
		orders:   map[uint64]*order{},
		ended:    history[*order]{bound: kept},
		trades:   history[*Trade]{bound: kept},
	}
	for _, c := range currencies {
		u.accounts[c] = &account{}
	}
	return u
}

// order is an Order and what its owner does not see of it.
type order struct {
	Order

	owner  *user
	book   *book
	locked decimal.Decimal // what of the account that pays is still set aside for it
	funds  decimal.Decimal // what its trades were worth
}

// pays returns the account from which the order is paid.
func (o *order) pays() *account {
	if o.Side == Sell {
		return o.owner.accounts[o.book.Base]
	}
	return o.owner.accounts[o.book.Quote]
}

// gets returns the account into which it is paid.
func (o *order) gets() *account {
	if o.Side == Sell {
		return o.owner.accounts[o.book.Quote]
	}
	return o.owner.accounts[o.book.Base]
}

// begin makes an order its owner's.
func (o *order) begin() {
	o.owner.orders[o.ID] = o
	o.owner.open++
}

// end makes an open order one that is done or cancelled.
func (o *order) end(as State) {
	o.State = as
	o.owner.open--
	if dropped, ok := o.owner.ended.add(o); ok {
		delete(o.owner.orders, dropped.ID)
	}
}
