package sandbox_test

import (
	"testing"

	"github.com/shopspring/decimal"

	"ranger/internal/tools/sandbox"
	"ranger/internal/tools/sandbox/exchange"
)

// The exchange accepts all orders of some hundred rounds, and the book has orders on both
// sides.
func TestBots_LeaveOnlyOrdersOfTheMaker(t *testing.T) {
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
			if got := len(x.Recent(m, 0)); got == traded && got < 1000 { // the limit of History
				t.Fatalf("seed %d, round %d: got no trade of the taker on %s", seed, round, m)
			}
			if got := x.Orders(sandbox.Taker, exchange.Query{State: exchange.Wait}); len(got) > 0 {
				t.Fatalf("seed %d, round %d: got %d open orders of the taker", seed, round, len(got))
			}
		}
	}
}

// wantBook requires that the book has both sides, above zero and not crossed.
func wantBook(t *testing.T, x *exchange.Exchange, m exchange.MarketID) {
	t.Helper()
	asks, bids, ok := x.Depth(m, 0)
	if !ok || len(asks) == 0 || len(bids) == 0 {
		t.Fatalf("%s: got %d asks and %d bids", m, len(asks), len(bids))
	}
	if least := bids[len(bids)-1].Price; !least.IsPositive() || asks[0].Price.LessThanOrEqual(bids[0].Price) {
		t.Fatalf("%s: got asks %v, bids %v", m, asks, bids)
	}
	for _, level := range append(asks, bids...) {
		if level.Volume.LessThanOrEqual(decimal.Zero) {
			t.Fatalf("%s: got no volume at %s", m, level.Price)
		}
	}
}

// TestBots_PricesStay: a price that moves for weeks stays near its start.
func TestBots_PricesStay(t *testing.T) {
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
			t.Errorf("seed %d: got prices from %.2f to %.2f of the first", seed, least, most)
		}
		if least > 0.95 || most < 1.05 {
			t.Errorf("seed %d: got prices from %.3f to %.3f of the first, want more movement", seed, least, most)
		}
	}
}
