package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox"
)

// TestRun_Publishes: changes are published one by one, in order, and requests do not
// wait for it.
func TestRun_Publishes(t *testing.T) {
	t.Parallel()
	const orders = 50
	var busy atomic.Bool
	gate, bodies := make(chan struct{}), make(chan []byte, 2*orders)
	toy := newToy(t, sandbox.Config{Publish: func(ctx context.Context, d event.Delivery) error {
		if busy.Swap(true) {
			t.Error("got two concurrent calls of Publish")
		}
		defer busy.Store(false)
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
		bodies <- d.Body
		return nil
	}})
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- toy.Run(ctx) }()
	for range orders { // while publishing is blocked
		toy.order()
	}
	close(gate)
	for i := range orders {
		var order struct{ ID int }
		check(t, json.Unmarshal(<-bodies, &order))
		if order.ID != i+1 {
			t.Errorf("got order %d as number %d", order.ID, i+1)
		}
	}
	end()
	check(t, <-done)
}

// TestRun_BotsTrade: Run makes the bots trade on all markets.
func TestRun_BotsTrade(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	traded := map[any]bool{}
	toy := newToy(t, sandbox.Config{Rate: 1000, Publish: func(_ context.Context, d event.Delivery) error {
		if d.Kind == event.Trade {
			traded[d.Headers["market"]] = true
		}
		if len(traded) == 2 {
			end()
		}
		return nil
	}})
	check(t, toy.Run(ctx))
	if !traded["btcusd"] || !traded["ethusd"] {
		t.Errorf("got trades on %v", traded)
	}
}

// TestRun_Ends: without an error when its context ends, even if a publish waits or
// fails because of that; otherwise with the error of a publish.
func TestRun_Ends(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		publish func(ctx context.Context, end func()) error
		want    error
	}{
		"nothing waits":    {func(_ context.Context, end func()) error { end(); return nil }, nil},
		"a publish waits":  {func(ctx context.Context, end func()) error { end(); <-ctx.Done(); return ctx.Err() }, nil},
		"it fails at last": {func(_ context.Context, end func()) error { end(); return broken }, nil},
		"a publish fails":  {func(context.Context, func()) error { return broken }, broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			defer end()
			toy := newToy(t, sandbox.Config{Rate: 1000, Publish: func(ctx context.Context, _ event.Delivery) error {
				return c.publish(ctx, end)
			}})
			if err := toy.Run(ctx); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
