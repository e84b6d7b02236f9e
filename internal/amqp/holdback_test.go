package amqp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp"
)

// The first caller of CatchUp is answered at once, any other 50 ms after the one
// before it.
func TestMonitor_HoldsBackAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		holdBack := amqp.NewHoldBack()
		for i, c := range []struct{ pause, want time.Duration }{
			{0, 0},
			{0, 50 * time.Millisecond},
			{0, 50 * time.Millisecond},
			{30 * time.Millisecond, 20 * time.Millisecond},
			{50 * time.Millisecond, 0},
			{time.Hour, 0},
			{0, 50 * time.Millisecond},
		} {
			<-time.After(c.pause)
			begin := time.Now()
			if err := holdBack(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(begin); got != c.want {
				t.Errorf("answer %d after a pause of %v: held back for %v, want %v", i, c.pause, got, c.want)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if err := holdBack(ctx); !errors.Is(err, context.Canceled) || time.Since(begin) != 0 {
			t.Errorf("with a context that has ended: got %v after %v, want %v at once", err, time.Since(begin), context.Canceled)
		}
	})
}
