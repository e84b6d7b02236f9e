package sandbox_test

import (
	"testing"

	"github.com/shopspring/decimal"

	"ranger/internal/tools/sandbox"
	"ranger/internal/tools/sandbox/exchange"
)

// TestBots plays some hundred rounds: whatever the bots ask for is taken, and the
// book has the maker's orders, and no others, on both sides.
func TestBots(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		x := sandbox.NewExchange()
		bots := sandbox.NewBots(x, seed)
		for round := range 200 {
			n := round % len(x.Markets())
			m := x.Markets()[n].ID
			bots.Wander(n)
			bots.Quote(n)
			wantBook(t, x, m)
			for _, side := range []exchange.Side{exchange.Buy, exchange.Sell} {
				q := exchange.Query{Market: m, Side: side, State: exchange.Wait}
				if got := len(x.Orders(sandbox.Maker, q)); got != sandbox.Ladder {
					t.Fatalf("seed %d, round %d: the maker has %d orders to %s on %s, want %d", seed, round, got, side, m, sandbox.Ladder)
				}
			}
			traded := len(x.Recent(m, 0))
			bots.Take(n)
			if got := len(x.Recent(m, 0)); got == traded && got < 1000 { // as many are kept
				t.Fatalf("seed %d, round %d: the taker did not trade on %s", seed, round, m)
			}
			if got := x.Orders(sandbox.Taker, exchange.Query{State: exchange.Wait}); len(got) > 0 {
				t.Fatalf("seed %d, round %d: the taker has %d open orders", seed, round, len(got))
			}
		}
	}
}

// wantBook fails unless the book has both sides, above zero and not crossed.
func wantBook(t *testing.T, x *exchange.Exchange, m exchange.MarketID) {
	t.Helper()
	asks, bids, ok := x.Depth(m, 0)
	if !ok || len(asks) == 0 || len(bids) == 0 {
		t.Fatalf("%s: there are %d asks and %d bids", m, len(asks), len(bids))
	}
	if least := bids[len(bids)-1].Price; !least.IsPositive() || asks[0].Price.LessThanOrEqual(bids[0].Price) {
		t.Fatalf("%s: asks %v, bids %v", m, asks, bids)
	}
	for _, level := range append(asks, bids...) {
		if level.Volume.LessThanOrEqual(decimal.Zero) {
			t.Fatalf("%s: nothing stands at %s", m, level.Price)
		}
	}
}

// TestPricesStay: a price that wanders for weeks stays near where it began.
func TestPricesStay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		x := sandbox.NewExchange()
		bots := sandbox.NewBots(x, seed)
		least, most := 1.0, 1.0
		for range 1_000_000 {
			bots.Wander(0)
			part := bots.Price(0) / bots.Start(0)
			least, most = min(least, part), max(most, part)
		}
		if least < 0.5 || most > 2 {
			t.Errorf("seed %d: the price went from %.2f to %.2f of the first", seed, least, most)
		}
		if least > 0.95 || most < 1.05 {
			t.Errorf("seed %d: the price hardly moved: %.3f to %.3f of the first", seed, least, most)
		}
	}
}
