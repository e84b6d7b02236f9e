package exchange_test

import (
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// model is a naive exchange: a list of orders, in which a new order searches the
// best one for each match.
type model struct {
	cfg     exchange.Config
	orders  []*modelOrder // in the order of placing
	trades  int
	last    map[exchange.MarketID]decimal.Decimal // price of the last trade
	total   map[exchange.Currency]decimal.Decimal // deposited
	changes []string                              // the queued changes, as in tape
}

type modelOrder struct {
	exchange.Order

	funds decimal.Decimal // of its trades
}

func (m *model) market(id exchange.MarketID) exchange.Market {
	all := markets()
	return all[slices.IndexFunc(all, func(m exchange.Market) bool { return m.ID == id })]
}

// best returns the open order that o matches next, or nil.
// It ignores orders in done.
func (m *model) best(o exchange.Order, done map[uint64]bool) *modelOrder {
	var best *modelOrder
	for _, other := range m.orders {
		if other.State != exchange.Wait || other.Market != o.Market || other.Side == o.Side || done[other.ID] {
			continue
		}
		price := other.Price.Decimal
		if o.Price.Valid && (o.Side == exchange.Buy && price.GreaterThan(o.Price.Decimal) || o.Side == exchange.Sell && price.LessThan(o.Price.Decimal)) {
			continue
		}
		if best == nil || o.Side == exchange.Buy && price.LessThan(best.Price.Decimal) || o.Side == exchange.Sell && price.GreaterThan(best.Price.Decimal) {
			best = other
		}
	}
	return best
}

// matches returns the number of matches of o and their cost.
func (m *model) matches(o exchange.Order) (n int, cost decimal.Decimal) {
	done := map[uint64]bool{}
	for rest := o.OriginVolume; rest.IsPositive(); n++ {
		other := m.best(o, done)
		if other == nil {
			break
		}
		done[other.ID] = true
		volume := decimal.Min(rest, other.Remaining)
		rest = rest.Sub(volume)
		cost = cost.Add(volume.Mul(other.Price.Decimal))
	}
	return n, cost
}

// refusal returns the code with which o is refused, empty if it is accepted.
func (m *model) refusal(o exchange.Order) exchange.Code {
	n, cost := m.matches(o)
	paid, currency := cost, m.market(o.Market).Quote
	switch {
	case o.Side == exchange.Sell:
		paid, currency = o.OriginVolume, m.market(o.Market).Base
	case o.Price.Valid:
		paid = o.Price.Decimal.Mul(o.OriginVolume)
	}
	changes := 1 + 3*n
	if !o.Price.Valid {
		changes++
	}
	switch {
	case !o.Price.Valid && n == 0:
		return exchange.InsufficientLiquidity
	case m.balance(o.UID, currency).LessThan(paid):
		return exchange.InsufficientFunds
	case o.Price.Valid && m.open(o.UID) >= m.cfg.Open:
		return exchange.TooMany
	case changes > m.cfg.Pending:
		return exchange.TooBig
	case changes > m.cfg.Pending-len(m.changes):
		return exchange.Busy
	}
	return ""
}

func (m *model) open(uid event.UID) (n int) {
	for _, o := range m.orders {
		if o.UID == uid && o.State == exchange.Wait {
			n++
		}
	}
	return n
}

// locked returns the amount that a user's open orders lock.
func (m *model) locked(uid event.UID, c exchange.Currency) (sum decimal.Decimal) {
	for _, o := range m.orders {
		switch at := m.market(o.Market); {
		case o.UID != uid || o.State != exchange.Wait:
		case o.Side == exchange.Sell && at.Base == c:
			sum = sum.Add(o.Remaining)
		case o.Side == exchange.Buy && at.Quote == c:
			sum = sum.Add(o.Remaining.Mul(o.Price.Decimal))
		}
	}
	return sum
}

// owned returns a user's total balance, computed from all trades.
func (m *model) owned(uid event.UID, c exchange.Currency) decimal.Decimal {
	sum := m.total[c].Div(number("3")) // deposited equally by three users
	for _, o := range m.orders {
		base, quote := o.Executed, o.funds.Neg()
		if o.Side == exchange.Sell {
			base, quote = base.Neg(), quote.Neg()
		}
		switch at := m.market(o.Market); {
		case o.UID != uid:
		case at.Base == c:
			sum = sum.Add(base)
		case at.Quote == c:
			sum = sum.Add(quote)
		}
	}
	return sum
}

// balance returns the available amount.
func (m *model) balance(uid event.UID, c exchange.Currency) decimal.Decimal {
	return m.owned(uid, c).Sub(m.locked(uid, c))
}

// place places an accepted order.
func (m *model) place(o exchange.Order) *modelOrder {
	o.ID = uint64(len(m.orders) + 1)
	taker := &modelOrder{Order: o}
	m.changes = append(m.changes, orderLine(taker.Order))
	for taker.Remaining.IsPositive() {
		maker := m.best(taker.Order, nil)
		if maker == nil {
			break
		}
		m.match(maker, taker)
	}
	if !taker.Price.Valid && taker.Remaining.IsPositive() {
		m.cancel(taker)
	}
	m.orders = append(m.orders, taker)
	return taker
}

func (m *model) match(maker, taker *modelOrder) {
	price, volume := maker.Price.Decimal, decimal.Min(maker.Remaining, taker.Remaining)
	for _, o := range []*modelOrder{maker, taker} {
		o.Remaining, o.Executed = o.Remaining.Sub(volume), o.Executed.Add(volume)
		o.funds = o.funds.Add(price.Mul(volume))
		o.AvgPrice = floor(o.funds, o.Executed, m.market(o.Market).PriceDigits)
		o.Trades++
		if o.Remaining.IsZero() {
			o.State = exchange.Done
		}
	}
	last, ok := m.last[maker.Market]
	m.last[maker.Market] = price
	m.trades++
	t := exchange.Trade{
		ID: uint64(m.trades), Price: price, Volume: volume, Funds: price.Mul(volume), TakerSide: taker.Side,
		Rising: !ok || price.GreaterThanOrEqual(last), Ask: maker.Order, Bid: taker.Order,
	}
	if taker.Side == exchange.Sell {
		t.Ask, t.Bid = t.Bid, t.Ask
	}
	m.changes = append(m.changes, tradeLine(t), orderLine(maker.Order), orderLine(taker.Order))
}

func (m *model) cancel(o *modelOrder) {
	o.State = exchange.Cancel
	m.changes = append(m.changes, orderLine(o.Order))
}

// floor returns a / b rounded down to that many decimals.
func floor(a, b decimal.Decimal, digits int32) decimal.Decimal {
	q := new(big.Rat).Quo(a.Shift(digits).Rat(), b.Rat())
	return decimal.NewFromBigInt(new(big.Int).Quo(q.Num(), q.Denom()), -digits)
}
