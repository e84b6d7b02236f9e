package exchange

import (
	"github.com/shopspring/decimal"
)

// user is the state of one user.
type user struct {
	accounts map[Currency]*account // one for each currency of any market
	orders   map[uint64]*order     // by id: the open ones, and those in ended
	open     int                   // how many are open
	ended    history[*order]
	trades   history[*Trade] // a trade of the user with itself is stored once
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

// order is an Order with its internal state.
type order struct {
	Order

	owner  *user
	book   *book
	locked decimal.Decimal // amount of the paying account still locked for it
	funds  decimal.Decimal // sum of its trades
}

// pays returns the account that pays for the order.
func (o *order) pays() *account {
	if o.Side == Sell {
		return o.owner.accounts[o.book.Base]
	}
	return o.owner.accounts[o.book.Quote]
}

// gets returns the account that receives.
func (o *order) gets() *account {
	if o.Side == Sell {
		return o.owner.accounts[o.book.Quote]
	}
	return o.owner.accounts[o.book.Base]
}

// begin adds an open order to its owner.
func (o *order) begin() {
	o.owner.orders[o.ID] = o
	o.owner.open++
}

// end ends an open order.
func (o *order) end(as State) {
	o.State = as
	o.owner.open--
	if dropped, ok := o.owner.ended.add(o); ok {
		delete(o.owner.orders, dropped.ID)
	}
}
