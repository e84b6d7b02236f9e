package bench

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// counts counts the deliveries to a fleet. One goroutine awaits them; any number add.
type counts struct {
	received atomic.Int64
	want     atomic.Int64
	last     atomic.Int64  // time of the latest delivery, in ns since the start of the run
	ended    atomic.Bool   // no more will arrive
	changed  chan struct{} // has an element if got may have reached want, or over is set

	patience time.Duration // longest time without a delivery; fixed at construction
}

func newCounts(patience time.Duration) *counts {
	t := &counts{changed: make(chan struct{}, 1), patience: patience}
	t.want.Store(math.MaxInt64)
	return t
}

// latest returns the time of the latest delivery since the start of the run.
func (t *counts) latest() time.Duration { return time.Duration(t.last.Load()) }

// add counts n deliveries at a time. Of two concurrent calls the earlier time may
// win.
func (t *counts) add(n int64, now time.Duration) {
	t.last.Store(int64(now))
	if t.received.Add(n) >= t.want.Load() { // await checks in the other order
		t.notify()
	}
}

// end records that no more deliveries will arrive.
func (t *counts) end() {
	t.ended.Store(true)
	t.notify()
}

func (t *counts) notify() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// await waits until there were want deliveries in all, or there will be no
// more, or there was none for patience. An error is ctx's.
func (t *counts) await(ctx context.Context, want int64) error {
	t.want.Store(want)
	defer t.want.Store(math.MaxInt64)
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	before := int64(-1)
	for {
		got := t.received.Load()
		if got >= want || t.ended.Load() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.changed:
		case <-timer.C:
			if got = t.received.Load(); got == before {
				return nil
			}
			before = got
			timer.Reset(t.patience)
		}
	}
}
