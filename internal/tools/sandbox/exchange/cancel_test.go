package exchange_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

func TestCancel_ReleasesTheRestAndMayBeRepeated(t *testing.T) {
	x := newExchange(t, exchange.Config{}, alice, bob)
	bid := place(t, x, alice, "buy 2 @ 10")
	place(t, x, bob, "sell 0.5 @ 10")
	tape(x)
	got, err := x.Cancel(alice, bid.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := "#1 alice buy 2 @ 10: cancel, 1.5 left, 0.5 in 1 @ 10"
	if line := orderLine(got); line != want {
		t.Errorf("got %s, want %s", line, want)
	}
	if d := cmp.Diff([]string{want}, tape(x)); d != "" {
		t.Errorf("changes (-want +got)\n%s", d)
	}
	if got := balances(x, alice); got != "btc 10.5+0, usd 995+0" {
		t.Errorf("alice: got %s", got)
	}
	if got := depth(x, "btcusd"); got != "|" {
		t.Errorf("got book %s", got)
	}

	again, err := x.Cancel(alice, bid.ID)
	if d := cmp.Diff(got, again); err != nil || d != "" {
		t.Errorf("again: error %v, %s", err, d)
	}
	if lines := tape(x); lines != nil {
		t.Errorf("again: got changes %q", lines)
	}
}

func TestCancel_FindsOnlyOrdersOfTheUser(t *testing.T) {
	x := newExchange(t, exchange.Config{}, alice, bob)
	ask := place(t, x, alice, "sell 2 @ 10")
	for _, tt := range []struct {
		uid event.UID
		id  uint64
	}{{bob, ask.ID}, {"mallory", ask.ID}, {alice, 0}, {alice, ask.ID + 1}, {alice, 1<<64 - 1}} {
		_, err := x.Cancel(tt.uid, tt.id)
		if got := refusal(t, err); got != "id not_found" {
			t.Errorf("%s %d: got %q", tt.uid, tt.id, got)
		}
	}
	if got := depth(x, "btcusd"); got != "2 @ 10 |" {
		t.Errorf("got book %s", got)
	}
}

// TestCancel_SamePrice: only the canceled order is removed from its price.
func TestCancel_SamePrice(t *testing.T) {
	x := newExchange(t, exchange.Config{}, alice, bob, carol)
	place(t, x, alice, "sell 1 @ 10")
	middle := place(t, x, bob, "sell 1 @ 10")
	place(t, x, carol, "sell 1 @ 10")
	if _, err := x.Cancel(bob, middle.ID); err != nil {
		t.Fatal(err)
	}
	place(t, x, bob, "buy 2 at market")
	var sellers []event.UID
	for _, trade := range x.Trades(bob, exchange.Query{}) {
		sellers = append(sellers, trade.Ask.UID)
	}
	if d := cmp.Diff([]event.UID{carol, alice}, sellers); d != "" {
		t.Error(d)
	}
}

func TestCancelAll_CancelsOnlyWhatMatches(t *testing.T) {
	for _, tt := range []struct {
		name  string
		query exchange.Query
		want  []uint64
	}{
		{"all", exchange.Query{}, []uint64{1, 2, 3, 4}},
		{"a market", exchange.Query{Market: "btcusd"}, []uint64{1, 2, 4}},
		{"a side", exchange.Query{Side: exchange.Sell}, []uint64{1, 3, 4}},
		{"a side of a market", exchange.Query{Market: "btcusd", Side: exchange.Buy}, []uint64{2}},
		{"the rest is not looked at", exchange.Query{State: exchange.Done, Limit: 1, Page: 7}, []uint64{1, 2, 3, 4}},
		{"unknown market", exchange.Query{Market: "xrpusd"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newExchange(t, exchange.Config{}, alice, bob)
			place(t, x, alice, "sell 1 @ 10")
			place(t, x, alice, "buy 1 @ 9")
			place(t, x, alice, "sell 1 @ 10 ethbtc")
			place(t, x, alice, "sell 1 @ 10")
			place(t, x, bob, "sell 1 @ 10")
			drain(x)
			var returned, changed []uint64
			for _, o := range x.CancelAll(alice, tt.query) {
				returned = append(returned, o.ID)
			}
			for _, c := range drain(x) {
				if c.Order.State != exchange.Cancel {
					t.Errorf("got change %s", orderLine(*c.Order))
				}
				changed = append(changed, c.Order.ID)
			}
			if d := cmp.Diff([][]uint64{tt.want, tt.want}, [][]uint64{returned, changed}); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			open := len(x.Orders(alice, exchange.Query{State: exchange.Wait})) + len(x.Orders(bob, exchange.Query{State: exchange.Wait}))
			if want := 5 - len(tt.want); open != want {
				t.Errorf("got %d open orders, want %d", open, want)
			}
		})
	}
}

func TestOrder_HasTimesOfRequestAndLastChange(t *testing.T) {
	now := start
	x := newExchange(t, exchange.Config{Now: func() time.Time { return now }}, alice, bob)
	place(t, x, alice, "sell 3 @ 10")
	place(t, x, alice, "buy 3 @ 9")
	now = now.Add(time.Minute)
	place(t, x, bob, "buy 1 @ 10")
	matched := now
	now = now.Add(time.Minute)
	if _, err := x.Cancel(alice, 2); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		uid              event.UID
		id               uint64
		created, updated time.Time
	}{{alice, 1, start, matched}, {alice, 2, start, now}, {bob, 3, matched, matched}} {
		o, _, _ := x.Order(tt.uid, tt.id)
		if !o.Created.Equal(tt.created) || !o.Updated.Equal(tt.updated) {
			t.Errorf("order %d: got created %s and updated %s, want %s and %s", tt.id, o.Created, o.Updated, tt.created, tt.updated)
		}
	}
	if got := x.Recent("btcusd", 1)[0].Created; !got.Equal(matched) {
		t.Errorf("got trade at %s, want %s", got, matched)
	}
}
