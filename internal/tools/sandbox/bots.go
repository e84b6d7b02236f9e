package sandbox

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// Parameters of the bots.
const (
	ladder  = 10     // orders of the maker per side
	spacing = 0.0003 // between two of them, relative to the price
	drift   = 0.0004 // standard deviation of the price between two rounds, relative
	pull    = 1e-5   // share of the way back to the start price per round, which keeps the price near it
)

// bots keep the markets moving. In each round, on one market, the maker moves its orders
// to the current price and the taker takes some of them. One goroutine uses it.
type bots struct {
	exchange *exchange.Exchange
	markets  []exchange.Market
	random   *rand.Rand
	prices   []float64
}

func newBots(x *exchange.Exchange, random *rand.Rand) *bots {
	b := &bots{exchange: x, markets: x.Markets(), random: random}
	for _, m := range b.markets {
		b.prices = append(b.prices, startPrice(m.ID))
	}
	return b
}

// run plays rounds at a rate per second until ctx is done.
func (b *bots) run(ctx context.Context, rate float64) error {
	for i := range b.markets {
		b.quote(i)
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for n := 0; ; n = (n + 1) % len(b.markets) {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			b.wander(n)
			b.quote(n)
			b.take(n)
		}
	}
}

// wander moves the price of market n.
func (b *bots) wander(n int) {
	away := math.Log(b.prices[n] / startPrice(b.markets[n].ID))
	b.prices[n] *= math.Exp(drift*b.random.NormFloat64() - pull*away)
}

// quote cancels the maker's orders on the wrong side of the price or far from it, and
// places the missing ones near it.
func (b *bots) quote(n int) {
	m, price := b.markets[n], b.prices[n]
	open := map[exchange.Side]int{}
	for _, o := range b.exchange.Orders(makerUID, exchange.Query{Market: m.ID, State: exchange.Wait}) {
		away := (o.Price.Decimal.InexactFloat64() - price) / price
		if o.Side == exchange.Buy {
			away = -away
		}
		if away < spacing/8 || away > 2*ladder*spacing {
			_, _ = b.exchange.Cancel(makerUID, o.ID) // an error: it has just been taken
			continue
		}
		open[o.Side]++
	}
	for side, sign := range map[exchange.Side]float64{exchange.Buy: -1, exchange.Sell: 1} {
		for k := open[side]; k < ladder; k++ {
			at := price * (1 + sign*spacing*(0.3+ladder*b.random.ExpFloat64()/4))
			b.place(makerUID, exchange.Request{
				Market: m.ID, Side: side, Type: exchange.Limit,
				Price: text(at, m.PriceDigits), Volume: b.volume(m, 0.4),
			})
		}
	}
}

// take lets the taker buy or sell a small volume at the best prices.
func (b *bots) take(n int) {
	side := exchange.Buy
	if b.random.IntN(2) == 0 {
		side = exchange.Sell
	}
	m := b.markets[n]
	b.place(takerUID, exchange.Request{Market: m.ID, Side: side, Type: exchange.AtMarket, Volume: b.volume(m, 0.2)})
}

// place places an order. A refusal needs no handling: the next round follows.
func (b *bots) place(uid event.UID, r exchange.Request) { _, _ = b.exchange.Place(uid, r) }

// volume returns a random volume, larger for a cheaper currency.
func (b *bots) volume(m exchange.Market, most float64) string {
	return text(0.001+most*b.random.Float64()*16_000/startPrice(m.ID), m.VolumeDigits)
}

func text(f float64, digits int32) string { return strconv.FormatFloat(f, 'f', int(digits), 64) }
