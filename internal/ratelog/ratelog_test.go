package ratelog_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/ratelog"
)

func TestLimiter_AllowsOneLinePerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l ratelog.Limiter
		for _, step := range []struct {
			after      time.Duration // since the step before
			interval   time.Duration
			suppressed int
			ok         bool
		}{
			{0, time.Second, 0, true},
			{0, time.Second, 0, false},
			{999 * time.Millisecond, time.Second, 0, false},
			{time.Millisecond, time.Minute, 2, true},
			{time.Second, time.Second, 0, false},
			{59 * time.Second, time.Second, 1, true},
			{time.Hour, time.Second, 0, true},
		} {
			<-time.After(step.after)
			if suppressed, ok := l.Allow(step.interval); suppressed != step.suppressed || ok != step.ok {
				t.Errorf("%v later: Allow(%v) = %d, %t; want %d, %t",
					step.after, step.interval, suppressed, ok, step.suppressed, step.ok)
			}
		}
	})
}

func TestLimiter_AllowsLinesPerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelog.Limiter{Lines: 3}
		for second := range 3 {
			for line := range 5 {
				wantSuppressed := 0
				if second > 0 && line == 0 {
					wantSuppressed = 2
				}
				if suppressed, ok := l.Allow(time.Second); ok != (line < 3) || suppressed != wantSuppressed {
					t.Errorf("second %d, line %d: Allow = %d, %t; want %d, %t", second, line, suppressed, ok, wantSuppressed, line < 3)
				}
			}
			<-time.After(time.Second)
		}
	})
}

func TestLimiter_CountsConcurrentCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l ratelog.Limiter
		var allowed atomic.Int64
		var calls sync.WaitGroup
		for range 100 {
			calls.Go(func() {
				if _, ok := l.Allow(time.Second); ok {
					allowed.Add(1)
				}
			})
		}
		calls.Wait()
		if got := allowed.Load(); got != 1 {
			t.Errorf("%d lines were allowed, want 1", got)
		}
		<-time.After(time.Second)
		if suppressed, ok := l.Allow(time.Second); suppressed != 99 || !ok {
			t.Errorf("Allow after the interval = %d, %t; want 99, true", suppressed, ok)
		}
	})
}
