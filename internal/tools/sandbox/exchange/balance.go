package exchange

import (
	"github.com/shopspring/decimal"

	"ranger/internal/event"
)

// account is a user's balance in one currency.
type account struct {
	available, locked decimal.Decimal
}

// lock locks an amount. It returns false and does nothing if less is available.
func (a *account) lock(amount decimal.Decimal) bool {
	if a.available.LessThan(amount) {
		return false
	}
	a.available = a.available.Sub(amount)
	a.locked = a.locked.Add(amount)
	return true
}

// unlock makes a locked amount available again.
func (a *account) unlock(amount decimal.Decimal) {
	a.locked = a.locked.Sub(amount)
	a.available = a.available.Add(amount)
}

// spend removes a locked amount.
func (a *account) spend(amount decimal.Decimal) {
	a.locked = a.locked.Sub(amount)
}

// receive adds an available amount.
func (a *account) receive(amount decimal.Decimal) {
	a.available = a.available.Add(amount)
}

// Deposit adds an amount to a user's balance. The first deposit creates the user. Amounts
// of zero or less, and currencies of no market, are ignored.
func (x *Exchange) Deposit(uid event.UID, c Currency, amount decimal.Decimal) {
	x.mu.Lock()
	defer x.mu.Unlock()
	u := x.users[uid]
	if u == nil {
		u = newUser(x.currencies, x.history)
		x.users[uid] = u
	}
	if to := u.accounts[c]; to != nil && amount.IsPositive() {
		to.receive(amount)
	}
}

// Balances returns a user's balance in each currency of any market, sorted by currency.
func (x *Exchange) Balances(uid event.UID) []Balance {
	x.mu.Lock()
	defer x.mu.Unlock()
	u := x.users[uid]
	balances := make([]Balance, len(x.currencies))
	for i, c := range x.currencies {
		balances[i].Currency = c
		if u != nil {
			balances[i].Available, balances[i].Locked = u.accounts[c].available, u.accounts[c].locked
		}
	}
	return balances
}
