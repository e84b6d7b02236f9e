package exchange_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// step is a request of a user.
type step struct {
	uid  event.UID
	text string
}

func TestMatching_TakesTheBestPriceFirst(t *testing.T) {
	for _, tt := range []struct {
		name     string
		book     []step
		taker    step
		want     []string // the taker's changes
		depth    string
		balances map[event.UID]string
	}{
		{
			name:     "nothing to match",
			book:     []step{{alice, "sell 1 @ 11"}},
			taker:    step{bob, "buy 2 @ 10.99"},
			want:     []string{"#2 bob buy 2 @ 10.99: wait, 2 left, 0 in 0 @ 0"},
			depth:    "1 @ 11 | 2 @ 10.99",
			balances: map[event.UID]string{alice: "btc 9+1", bob: "usd 978.02+21.98"},
		},
		{
			name:  "whole",
			book:  []step{{alice, "sell 1 @ 11"}},
			taker: step{bob, "buy 1 @ 11"},
			want: []string{
				"#2 bob buy 1 @ 11: wait, 1 left, 0 in 0 @ 0",
				"trade 1: 1 @ 11 = 11, #1 alice sells to #2 bob, taker buy, up",
				"#1 alice sell 1 @ 11: done, 0 left, 1 in 1 @ 11",
				"#2 bob buy 1 @ 11: done, 0 left, 1 in 1 @ 11",
			},
			depth:    "|",
			balances: map[event.UID]string{alice: "btc 9+0, usd 1011+0", bob: "btc 11+0, usd 989+0"},
		},
		{
			name:  "the best price first, of one price the oldest; a better price is given back",
			book:  []step{{alice, "sell 1 @ 12"}, {alice, "sell 1 @ 11"}, {carol, "sell 1 @ 11"}, {carol, "sell 1 @ 14"}, {alice, "sell 1 @ 10"}},
			taker: step{bob, "buy 3.5 @ 13"},
			want: []string{
				"#6 bob buy 3.5 @ 13: wait, 3.5 left, 0 in 0 @ 0",
				"trade 1: 1 @ 10 = 10, #5 alice sells to #6 bob, taker buy, up",
				"#5 alice sell 1 @ 10: done, 0 left, 1 in 1 @ 10",
				"#6 bob buy 3.5 @ 13: wait, 2.5 left, 1 in 1 @ 10",
				"trade 2: 1 @ 11 = 11, #2 alice sells to #6 bob, taker buy, up",
				"#2 alice sell 1 @ 11: done, 0 left, 1 in 1 @ 11",
				"#6 bob buy 3.5 @ 13: wait, 1.5 left, 2 in 2 @ 10.5",
				"trade 3: 1 @ 11 = 11, #3 carol sells to #6 bob, taker buy, up",
				"#3 carol sell 1 @ 11: done, 0 left, 1 in 1 @ 11",
				"#6 bob buy 3.5 @ 13: wait, 0.5 left, 3 in 3 @ 10.66",
				"trade 4: 0.5 @ 12 = 6, #1 alice sells to #6 bob, taker buy, up",
				"#1 alice sell 1 @ 12: wait, 0.5 left, 0.5 in 1 @ 12",
				"#6 bob buy 3.5 @ 13: done, 0 left, 3.5 in 4 @ 10.85",
			},
			depth:    "1 @ 14 0.5 @ 12 |",
			balances: map[event.UID]string{alice: "btc 7+0.5, usd 1027+0", bob: "btc 13.5+0, usd 962+0", carol: "btc 8+1, usd 1011+0"},
		},
		{
			name:  "a seller takes the highest bid at the bid's price; the rest enters the book",
			book:  []step{{alice, "buy 1 @ 9"}, {carol, "buy 0.25 @ 10.01"}},
			taker: step{bob, "sell 0.5 @ 10"},
			want: []string{
				"#3 bob sell 0.5 @ 10: wait, 0.5 left, 0 in 0 @ 0",
				"trade 1: 0.25 @ 10.01 = 2.5025, #3 bob sells to #2 carol, taker sell, up",
				"#2 carol buy 0.25 @ 10.01: done, 0 left, 0.25 in 1 @ 10.01",
				"#3 bob sell 0.5 @ 10: wait, 0.25 left, 0.25 in 1 @ 10.01",
			},
			depth:    "0.25 @ 10 | 1 @ 9",
			balances: map[event.UID]string{alice: "usd 991+9", bob: "btc 9.5+0.25, usd 1002.5025+0", carol: "btc 10.25+0, usd 997.4975+0"},
		},
		{
			name:  "what is left of a buyer is locked at its own price",
			book:  []step{{alice, "sell 1 @ 8"}},
			taker: step{bob, "buy 3 @ 10"},
			want: []string{
				"#2 bob buy 3 @ 10: wait, 3 left, 0 in 0 @ 0",
				"trade 1: 1 @ 8 = 8, #1 alice sells to #2 bob, taker buy, up",
				"#1 alice sell 1 @ 8: done, 0 left, 1 in 1 @ 8",
				"#2 bob buy 3 @ 10: wait, 2 left, 1 in 1 @ 8",
			},
			depth:    "| 2 @ 10",
			balances: map[event.UID]string{alice: "btc 9+0, usd 1008+0", bob: "btc 11+0, usd 972+20"},
		},
		{
			name:  "a market order takes all levels that it needs",
			book:  []step{{alice, "buy 1 @ 10"}, {alice, "buy 1 @ 9"}},
			taker: step{bob, "sell 1.5 at market"},
			want: []string{
				"#3 bob sell 1.5 @ market: wait, 1.5 left, 0 in 0 @ 0",
				"trade 1: 1 @ 10 = 10, #3 bob sells to #1 alice, taker sell, up",
				"#1 alice buy 1 @ 10: done, 0 left, 1 in 1 @ 10",
				"#3 bob sell 1.5 @ market: wait, 0.5 left, 1 in 1 @ 10",
				"trade 2: 0.5 @ 9 = 4.5, #3 bob sells to #2 alice, taker sell, down",
				"#2 alice buy 1 @ 9: wait, 0.5 left, 0.5 in 1 @ 9",
				"#3 bob sell 1.5 @ market: done, 0 left, 1.5 in 2 @ 9.66",
			},
			depth:    "| 0.5 @ 9",
			balances: map[event.UID]string{alice: "btc 11.5+0, usd 981+4.5", bob: "btc 8.5+0, usd 1014.5+0"},
		},
		{
			name:  "what a seller at market cannot sell is given back",
			book:  []step{{alice, "buy 1 @ 10"}},
			taker: step{bob, "sell 3 at market"},
			want: []string{
				"#2 bob sell 3 @ market: wait, 3 left, 0 in 0 @ 0",
				"trade 1: 1 @ 10 = 10, #2 bob sells to #1 alice, taker sell, up",
				"#1 alice buy 1 @ 10: done, 0 left, 1 in 1 @ 10",
				"#2 bob sell 3 @ market: wait, 2 left, 1 in 1 @ 10",
				"#2 bob sell 3 @ market: cancel, 2 left, 1 in 1 @ 10",
			},
			depth:    "|",
			balances: map[event.UID]string{alice: "btc 11+0, usd 990+0", bob: "btc 9+0, usd 1010+0"},
		},
		{
			name:  "a buyer at market pays what the book costs, though the whole would cost more than there is",
			book:  []step{{alice, "sell 1 @ 400"}, {alice, "sell 1 @ 500"}},
			taker: step{bob, "buy 9 at market"},
			want: []string{
				"#3 bob buy 9 @ market: wait, 9 left, 0 in 0 @ 0",
				"trade 1: 1 @ 400 = 400, #1 alice sells to #3 bob, taker buy, up",
				"#1 alice sell 1 @ 400: done, 0 left, 1 in 1 @ 400",
				"#3 bob buy 9 @ market: wait, 8 left, 1 in 1 @ 400",
				"trade 2: 1 @ 500 = 500, #2 alice sells to #3 bob, taker buy, up",
				"#2 alice sell 1 @ 500: done, 0 left, 1 in 1 @ 500",
				"#3 bob buy 9 @ market: wait, 7 left, 2 in 2 @ 450",
				"#3 bob buy 9 @ market: cancel, 7 left, 2 in 2 @ 450",
			},
			depth:    "|",
			balances: map[event.UID]string{alice: "btc 8+0, usd 1900+0", bob: "btc 12+0, usd 100+0"},
		},
		{
			name:  "with oneself",
			book:  []step{{bob, "sell 1 @ 10"}},
			taker: step{bob, "buy 0.4 @ 11"},
			want: []string{
				"#2 bob buy 0.4 @ 11: wait, 0.4 left, 0 in 0 @ 0",
				"trade 1: 0.4 @ 10 = 4, #1 bob sells to #2 bob, taker buy, up",
				"#1 bob sell 1 @ 10: wait, 0.6 left, 0.4 in 1 @ 10",
				"#2 bob buy 0.4 @ 11: done, 0 left, 0.4 in 1 @ 10",
			},
			depth:    "0.6 @ 10 |",
			balances: map[event.UID]string{bob: "btc 9.4+0.6"},
		},
		{
			name:     "markets are apart",
			book:     []step{{alice, "sell 1 @ 0.05 ethbtc"}},
			taker:    step{bob, "buy 1 @ 11"},
			want:     []string{"#2 bob buy 1 @ 11: wait, 1 left, 0 in 0 @ 0"},
			depth:    "| 1 @ 11",
			balances: map[event.UID]string{alice: "eth 99+1", bob: "usd 989+11"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newExchange(t, exchange.Config{}, alice, bob, carol)
			for _, s := range tt.book {
				place(t, x, s.uid, s.text)
			}
			tape(x)
			got := place(t, x, tt.taker.uid, tt.taker.text)
			lines := tape(x)
			if d := cmp.Diff(tt.want, lines); d != "" {
				t.Errorf("changes (-want +got)\n%s", d)
			}
			if last := lines[len(lines)-1]; orderLine(got) != last {
				t.Errorf("Place returned %s, last change is %s", orderLine(got), last)
			}
			if got := depth(x, "btcusd"); got != tt.depth {
				t.Errorf("got book %q, want %q", got, tt.depth)
			}
			for _, uid := range []event.UID{alice, bob, carol} {
				if got, want := balances(x, uid), tt.balances[uid]; got != want {
					t.Errorf("%s: got %q, want %q", uid, got, want)
				}
			}
		})
	}
}

// TestMatching_KeepsPriority: a partly filled order stays first.
func TestMatching_KeepsPriority(t *testing.T) {
	x := newExchange(t, exchange.Config{}, alice, bob, carol)
	first, second := place(t, x, alice, "buy 2 @ 10"), place(t, x, carol, "buy 2 @ 10")
	for i, want := range []uint64{first.ID, first.ID, second.ID} {
		place(t, x, bob, "sell 1 @ 10")
		if got := x.Recent("btcusd", 1)[0].Bid.ID; got != want {
			t.Errorf("sale %d: got order %d, want %d", i, got, want)
		}
	}
}

func TestTrade_RisesUnlessThePriceFell(t *testing.T) {
	x := newExchange(t, exchange.Config{}, alice, bob)
	for _, tt := range []struct {
		price string
		want  bool
	}{{"10", true}, {"10", true}, {"9.99", false}, {"9.99", true}, {"11", true}, {"10.5", false}} {
		place(t, x, alice, "sell 0.01 @ "+tt.price)
		place(t, x, bob, "buy 0.01 at market")
		if got := x.Recent("btcusd", 1)[0].Rising; got != tt.want {
			t.Errorf("at %s: got rising %t, want %t", tt.price, got, tt.want)
		}
	}
}
