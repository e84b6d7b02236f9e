package sandbox

import (
	"math/rand/v2"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// The maker's orders per side, and the uids of the bots.
const (
	Ladder = ladder
	Maker  = makerUID
	Taker  = takerUID
)

// NewExchange returns the sandbox's exchange, with a queue for all changes of a test.
func NewExchange() *exchange.Exchange {
	x, err := exchange.New(exchange.Config{Markets: markets(), Pending: 1 << 20})
	if err != nil {
		panic(err)
	}
	fund(x)
	return x
}

// Users returns the uids of all users.
func Users() []event.UID {
	uids := []event.UID{makerUID, takerUID}
	for _, u := range users() {
		uids = append(uids, u.UID)
	}
	return uids
}

// Bots are bots whose rounds the test plays.
type Bots struct{ *bots }

// NewBots returns bots that behave identically for the same seed.
func NewBots(x *exchange.Exchange, seed uint64) Bots {
	return Bots{newBots(x, rand.New(rand.NewPCG(seed, seed)))}
}

// The steps of a round on market n, its price, and its first price.
func (b Bots) Wander(n int)        { b.wander(n) }
func (b Bots) Quote(n int)         { b.quote(n) }
func (b Bots) Take(n int)          { b.take(n) }
func (b Bots) Price(n int) float64 { return b.prices[n] }
func (b Bots) Start(n int) float64 { return startPrice(b.markets[n].ID) }
