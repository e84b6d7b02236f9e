package sandbox

import (
	"math/rand/v2"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// Orders of the maker's a side; the bots' users.
const (
	Ladder = ladder
	Maker  = makerUID
	Taker  = takerUID
)

// NewExchange returns the sandbox's exchange, with room for all changes of a test.
func NewExchange() *exchange.Exchange {
	x, err := exchange.New(exchange.Config{Markets: markets(), Pending: 1 << 20})
	if err != nil {
		panic(err)
	}
	fund(x)
	return x
}

// Users returns who has money.
func Users() []event.UID {
	uids := []event.UID{makerUID, takerUID}
	for _, u := range users() {
		uids = append(uids, u.UID)
	}
	return uids
}

// Bots are bots that play when they are told to.
type Bots struct{ *bots }

// NewBots returns bots that do the same with the same seed.
func NewBots(x *exchange.Exchange, seed uint64) Bots {
	return Bots{newBots(x, rand.New(rand.NewPCG(seed, seed)))}
}

// What a round on a market consists of, and its price.
func (b Bots) Wander(n int)        { b.wander(n) }
func (b Bots) Quote(n int)         { b.quote(n) }
func (b Bots) Take(n int)          { b.take(n) }
func (b Bots) Price(n int) float64 { return b.prices[n] }
func (b Bots) Start(n int) float64 { return startPrice(b.markets[n].ID) }
