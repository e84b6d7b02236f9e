package amqp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp"
)

// Who has to catch up is answered at once, the next one 50 ms later.
func TestHoldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l amqp.Lookout
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
			if err := l.HoldBack(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(begin); got != c.want {
				t.Errorf("number %d waits %v, want %v", i, got, c.want)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if err := l.HoldBack(ctx); !errors.Is(err, context.Canceled) || time.Since(begin) != 0 {
			t.Errorf("a context that has ended: %v after %v", err, time.Since(begin))
		}
	})
}
