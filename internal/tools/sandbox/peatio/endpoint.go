package peatio

import (
	"slices"
	"time"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// The endpoints of both versions. They return values of the exchange; the version shows
// them in its own form.

// one returns an endpoint that shows the result of find.
func one[T any](find func(*request) (T, error), show func(T) any) endpoint {
	return func(q *request) (any, error) {
		found, err := find(q)
		if err != nil {
			return nil, err
		}
		return show(found), nil
	}
}

// each returns an endpoint that shows each result of find.
func each[T any](find func(*request) ([]T, error), show func(T) any) endpoint {
	return one(find, func(found []T) any { return showAll(found, show) })
}

// showAll returns the items in shown form; [] instead of null if there are none.
func showAll[T any](items []T, show func(T) any) []any {
	shown := make([]any, len(items))
	for i, item := range items {
		shown[i] = show(item)
	}
	return shown
}

// fullOrder is an order with its trades.
type fullOrder struct {
	exchange.Order
	trades []ownTrade
}

// ownTrade is a trade from the point of view of one of its users.
type ownTrade struct {
	exchange.Trade
	own exchange.Order // of that user
}

// member is a user with the balances.
type member struct {
	uid      event.UID
	balances []exchange.Balance
}

// orderBook is a market's book, best price first on each side.
type orderBook struct {
	market     exchange.MarketID
	asks, bids []exchange.Level
	now        time.Time
}

func (a *api) create(q *request) (exchange.Order, error) {
	wanted := exchange.Request{
		Market: a.market(q, true),
		Side:   oneOf(q, "side", q.required("side"), exchange.Buy, exchange.Sell),
		Type:   oneOf(q, "ord_type", q.text("ord_type"), exchange.Limit, exchange.AtMarket),
		Volume: q.decimal("volume", true),
	}
	wanted.Price = q.decimal("price", wanted.Type != exchange.AtMarket)
	if wanted.Type == exchange.AtMarket && wanted.Price != "" {
		q.addFault("price", "market_order", "must be left out of a market order")
	}
	if err := q.err(); err != nil {
		return exchange.Order{}, err
	}
	return a.exchange.Place(q.uid, wanted)
}

func (a *api) cancel(q *request) (exchange.Order, error) {
	id := q.id()
	if err := q.err(); err != nil {
		return exchange.Order{}, err
	}
	return a.exchange.Cancel(q.uid, id)
}

func (a *api) clear(q *request) ([]exchange.Order, error) {
	wanted := exchange.Query{
		Market: a.market(q, false),
		Side:   oneOf(q, "side", q.text("side"), exchange.Buy, exchange.Sell),
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	return a.exchange.CancelAll(q.uid, wanted), nil
}

func (a *api) order(q *request) (fullOrder, error) {
	id := q.id()
	if err := q.err(); err != nil {
		return fullOrder{}, err
	}
	o, trades, ok := a.exchange.Order(q.uid, id)
	if !ok {
		return fullOrder{}, noOrder(id)
	}
	full := fullOrder{Order: o}
	for _, t := range trades {
		own := t.Ask
		if o.Side == exchange.Buy {
			own = t.Bid
		}
		full.trades = append(full.trades, ownTrade{t, own})
	}
	return full, nil
}

// orders returns the endpoint that lists orders. If state has a default, the market is
// required.
func (a *api) orders(state exchange.State, order string) func(*request) ([]exchange.Order, error) {
	return func(q *request) ([]exchange.Order, error) {
		wanted := exchange.Query{Market: a.market(q, state != ""), State: state}
		if given := oneOf(q, "state", q.text("state"), exchange.Wait, exchange.Done, exchange.Cancel); given != "" {
			wanted.State = given
		}
		part := q.listing(100, order)
		if err := q.err(); err != nil {
			return nil, err
		}
		return of(part, a.exchange.Orders(q.uid, wanted)), nil
	}
}

// myTrades returns the endpoint that lists the user's trades. In a trade with itself the
// user is the seller.
func (a *api) myTrades(marketNeeded bool, limit int) func(*request) ([]ownTrade, error) {
	return func(q *request) ([]ownTrade, error) {
		wanted := exchange.Query{Market: a.market(q, marketNeeded)}
		part := q.listing(limit, "desc")
		if err := q.err(); err != nil {
			return nil, err
		}
		var mine []ownTrade
		for _, t := range of(part, a.exchange.Trades(q.uid, wanted)) {
			own := t.Ask
			if own.UID != q.uid {
				own = t.Bid
			}
			mine = append(mine, ownTrade{t, own})
		}
		return mine, nil
	}
}

// trades returns the endpoint that lists a market's trades.
func (a *api) trades(limit int) func(*request) ([]exchange.Trade, error) {
	return func(q *request) ([]exchange.Trade, error) {
		market := a.market(q, true)
		part := q.listing(limit, "desc")
		if err := q.err(); err != nil {
			return nil, err
		}
		return of(part, a.exchange.Recent(market, 0)), nil
	}
}

// depth returns the endpoint that shows a market's book. asks and bids are the parameters
// that limit its sides.
func (a *api) depth(asks, bids string, byDefault, most int) func(*request) (orderBook, error) {
	return func(q *request) (orderBook, error) {
		book := orderBook{market: a.market(q, true), now: a.now()}
		asksLimit := q.integer(asks, byDefault, most)
		bidsLimit := asksLimit
		if bids != asks {
			bidsLimit = q.integer(bids, byDefault, most)
		}
		if err := q.err(); err != nil {
			return orderBook{}, err
		}
		book.asks, book.bids, _ = a.exchange.Depth(book.market, max(asksLimit, bidsLimit))
		book.asks = book.asks[:min(asksLimit, len(book.asks))]
		book.bids = book.bids[:min(bidsLimit, len(book.bids))]
		return book, nil
	}
}

func (a *api) markets(*request) ([]exchange.Market, error) {
	return a.exchange.Markets(), nil
}

func (a *api) member(q *request) (member, error) {
	return member{q.uid, a.exchange.Balances(q.uid)}, nil
}

func (a *api) balances(q *request) ([]exchange.Balance, error) {
	return a.exchange.Balances(q.uid), nil
}

func (a *api) balance(q *request) (exchange.Balance, error) {
	currency := exchange.Currency(q.required("currency"))
	balances := a.exchange.Balances(q.uid)
	i := slices.IndexFunc(balances, func(b exchange.Balance) bool { return b.Currency == currency })
	if i < 0 {
		q.addFault("currency", doesntExist, "does not have a valid value")
		return exchange.Balance{}, q.err()
	}
	return balances[i], nil
}

func (a *api) timestamp(*request) (time.Time, error) {
	return a.now(), nil
}
