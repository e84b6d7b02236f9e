package bench

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// tally counts deliveries to a fleet and tells when all have come. One goroutine
// awaits; any number add.
type tally struct {
	got  atomic.Int64
	want atomic.Int64
	last atomic.Int64  // when the latest of them came, in ns since the run's begin
	over atomic.Bool   // no more will come
	full chan struct{} // has an element when got may have reached want, or over

	patience time.Duration // how long none may come before the missing ones are given up; fixed at construction
}

func newTally(patience time.Duration) *tally {
	t := &tally{full: make(chan struct{}, 1), patience: patience}
	t.want.Store(math.MaxInt64)
	return t
}

// latest returns when the latest delivery came, since the run's begin.
func (t *tally) latest() time.Duration { return time.Duration(t.last.Load()) }

// add counts n deliveries that came at now. Of two that come at once the earlier
// may pass for the latest.
func (t *tally) add(n int64, now time.Duration) {
	t.last.Store(int64(now))
	if t.got.Add(n) >= t.want.Load() { // await looks in the other order
		t.look()
	}
}

// end says that no more will come.
func (t *tally) end() {
	t.over.Store(true)
	t.look()
}

func (t *tally) look() {
	select {
	case t.full <- struct{}{}:
	default:
	}
}

// await waits until there were want deliveries in all, or there will be no
// more, or there was none for patience. An error is ctx's.
func (t *tally) await(ctx context.Context, want int64) error {
	t.want.Store(want)
	defer t.want.Store(math.MaxInt64)
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	before := int64(-1)
	for {
		got := t.got.Load()
		if got >= want || t.over.Load() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.full:
		case <-timer.C:
			if got = t.got.Load(); got == before {
				return nil
			}
			before = got
			timer.Reset(t.patience)
		}
	}
}
