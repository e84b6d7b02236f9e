package teardown_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/hub/internal/teardown"
)

// I4: if many sessions queue, a batch of them ends at a time, with pauses in between for
// those that stay.
func TestTeardownPauses(t *testing.T) {
	const sessions, batch = 320, 16
	synctest.Test(t, func(t *testing.T) {
		queue := teardown.New()
		begin := make(chan struct{})
		var busy, gone atomic.Int64
		var all sync.WaitGroup
		for range sessions {
			all.Go(func() {
				queue.Do(func() {
					<-begin
					if busy.Add(1) > 1 {
						t.Error("two sessions end at once")
					}
					gone.Add(1)
					busy.Add(-1)
				})
			})
		}
		synctest.Wait()
		close(begin)
		for pauses := range sessions / batch {
			synctest.Wait()
			if got, want := gone.Load(), int64(batch*(pauses+1)); got != want {
				t.Errorf("after %d pauses %d sessions have ended, want %d", pauses, got, want)
			}
			<-time.After(time.Millisecond)
		}
		all.Wait()
		start := time.Now()
		for range 2 * batch {
			queue.Do(func() {})
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("sessions that do not queue waited %v, want 0", took)
		}
	})
}

// Beyond the crowd of a storm the batches grow with the queue.
func TestTeardown_BatchesGrowWithTheQueue(t *testing.T) {
	const sessions, crowd = 320, 16<<10 + 4<<8
	synctest.Test(t, func(t *testing.T) {
		queue := teardown.New()
		begin := make(chan struct{})
		var gone atomic.Int64
		var all sync.WaitGroup
		for range sessions {
			all.Go(func() {
				queue.Do(func() {
					<-begin
					gone.Add(1)
				})
			})
		}
		synctest.Wait()
		queue.Crowd(crowd)
		close(begin)
		want := int64(0)
		for _, batch := range []int64{16, 21, 21, 21, 20, 20} { // the share of those beyond the crowd falls from 5 to 4
			synctest.Wait()
			if want += batch; gone.Load() != want {
				t.Errorf("%d sessions have ended, want %d", gone.Load(), want)
			}
			<-time.After(time.Millisecond)
		}
		all.Wait()
	})
}

// A storm of ten thousand sessions is paced, and the pauses of a million take seconds.
func TestTeardown_PausesOfAMillionTakeSeconds(t *testing.T) {
	for _, c := range []struct {
		sessions int64
		min, max int
	}{
		{10_000, 624, 624},
		{16_000, 999, 999},
		{128_000, 1000, 3000},
		{1_000_000, 1000, 3000},
	} {
		if got := pauses(c.sessions); got < c.min || got > c.max {
			t.Errorf("%d sessions: %d pauses of 1 ms, want %d to %d", c.sessions, got, c.min, c.max)
		}
	}
}

// pauses returns the number of pauses while so many sessions, which all queue, end.
func pauses(sessions int64) int {
	n := 0
	for waiting := sessions - int64(teardown.BatchOf(0)); waiting > 0; n++ {
		waiting -= int64(teardown.BatchOf(waiting))
	}
	return n
}
