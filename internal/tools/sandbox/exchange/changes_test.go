package exchange_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/sandbox/exchange"
)

func TestNext_Waits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newExchange(t, exchange.Config{}, alice)
		var got []string
		ctx, cancel := context.WithCancelCause(t.Context())
		over := errors.New("over")
		go func() {
			for {
				c, err := x.Next(ctx)
				if err != nil {
					if !errors.Is(err, over) {
						t.Errorf("got error %v, want the cause", err)
					}
					got = append(got, "end")
					return
				}
				got = append(got, orderLine(*c.Order))
			}
		}()
		synctest.Wait()
		if got != nil {
			t.Fatalf("got %q before a change", got)
		}
		o := place(t, x, alice, "sell 1 @ 10")
		synctest.Wait()
		want := []string{orderLine(o)}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(-want +got)\n%s", d)
		}
		a, b := place(t, x, alice, "sell 1 @ 11"), place(t, x, alice, "sell 1 @ 12")
		synctest.Wait()
		want = append(want, orderLine(a), orderLine(b))
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(-want +got)\n%s", d)
		}
		cancel(over)
		synctest.Wait()
		if d := cmp.Diff(append(want, "end"), got); d != "" {
			t.Fatalf("(-want +got)\n%s", d)
		}
	})
}

// A request with more changes than the queue has room for is refused, and is accepted
// when there is room.
func TestBusy_RefusedOrderChangesNothing(t *testing.T) {
	const match, matchAtMarket = 4, 5 // changes at most
	for _, tt := range []struct {
		name string
		text string
		need int
	}{
		{"rests", "buy 1 @ 9", 1},
		{"matches", "buy 1 @ 10", match},
		{"matches at market", "buy 1 at market", matchAtMarket},
		{"matches two", "buy 2 @ 11", match + 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const pending = 10
			for free := range pending + 1 {
				x := newExchange(t, exchange.Config{Pending: pending}, alice, bob)
				place(t, x, alice, "sell 1 @ 10")
				place(t, x, alice, "sell 1 @ 11")
				drain(x)
				for range pending - free {
					place(t, x, alice, "sell 0.01 @ 90")
				}
				before := state(x, alice, bob)
				_, err := x.Place(bob, request(t, tt.text))
				if free >= tt.need {
					if err != nil {
						t.Errorf("room for %d: %v", free, err)
					}
					continue
				}
				if got := refusal(t, err); got != " busy" {
					t.Errorf("room for %d: got %q", free, got)
				}
				if d := cmp.Diff(before, state(x, alice, bob)); d != "" {
					t.Errorf("got changed state: %s", d)
				}
				if n := len(drain(x)); n != pending-free {
					t.Errorf("got %d queued changes, want %d", n, pending-free)
				}
				place(t, x, bob, tt.text)
			}
		})
	}
}

func TestBusy_Cancel(t *testing.T) {
	x := newExchange(t, exchange.Config{Pending: 3}, alice)
	for range 3 {
		place(t, x, alice, "sell 1 @ 10")
	}
	before := state(x, alice)
	_, err := x.Cancel(alice, 1)
	if got := refusal(t, err); got != " busy" {
		t.Errorf("got %q", got)
	}
	if orders := x.CancelAll(alice, exchange.Query{}); orders != nil {
		t.Errorf("got canceled %v", orders)
	}
	if d := cmp.Diff(before, state(x, alice)); d != "" {
		t.Errorf("got changed state: %s", d)
	}
	x.Pop()
	x.Pop()
	for _, want := range []int{2, 0} { // there is room for the two oldest
		if got := len(x.CancelAll(alice, exchange.Query{})); got != want {
			t.Errorf("got %d canceled, want %d", got, want)
		}
	}
	if left := x.Orders(alice, exchange.Query{State: exchange.Wait}); len(left) != 1 || left[0].ID != 3 {
		t.Errorf("got %v left", left)
	}
}

// TestBusy_NeverFits: an order with more changes than the queue can hold is not Busy.
func TestBusy_NeverFits(t *testing.T) {
	x := newExchange(t, exchange.Config{Pending: 6}, alice, bob)
	for range 2 {
		place(t, x, alice, "sell 1 @ 10")
	}
	drain(x)
	_, err := x.Place(bob, request(t, "buy 2 @ 10"))
	if got := refusal(t, err); got != "volume too_big" {
		t.Errorf("got %q", got)
	}
	place(t, x, bob, "buy 1 @ 10")
}
