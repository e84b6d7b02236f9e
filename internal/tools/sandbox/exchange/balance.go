package exchange

import (
	"github.com/shopspring/decimal"

	"ranger/internal/event"
)

// account is what a user has of one currency.
type account struct {
	available, locked decimal.Decimal
}

// lock sets an amount aside. It reports false, and does nothing, where less is
// available.
func (a *account) lock(amount decimal.Decimal) bool {
	if a.available.LessThan(amount) {
		return false
	}
	a.available = a.available.Sub(amount)
	a.locked = a.locked.Add(amount)
	return true
}

// unlock makes available again what lock has set aside.
func (a *account) unlock(amount decimal.Decimal) {
	a.locked = a.locked.Sub(amount)
	a.available = a.available.Add(amount)
}

// spend takes away what lock has set aside.
func (a *account) spend(amount decimal.Decimal) {
	a.locked = a.locked.Sub(amount)
}

// receive adds an amount to what is available.
func (a *account) receive(amount decimal.Decimal) {
	a.available = a.available.Add(amount)
}

// Deposit gives a user an amount of a currency; a user exists from the first one
// on. An amount that is not above zero, and a currency of no market, are ignored.
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

// Balances returns what a user has of each currency of any market, by currency.
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
