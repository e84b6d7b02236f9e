package hub_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/hub"
)

// Where many sessions queue to be taken apart, a few are at a time, with rests in
// between for those that stay. It names I4.
func TestTeardownRests(t *testing.T) {
	const sessions, batch = 320, 16
	synctest.Test(t, func(t *testing.T) {
		queue := hub.NewTeardown()
		begin := make(chan struct{})
		var busy, gone atomic.Int64
		var all sync.WaitGroup
		for range sessions {
			all.Go(func() {
				queue.Do(func() {
					<-begin
					if busy.Add(1) > 1 {
						t.Error("two are taken apart at once")
					}
					gone.Add(1)
					busy.Add(-1)
				})
			})
		}
		synctest.Wait()
		close(begin)
		for rests := range sessions / batch {
			synctest.Wait()
			if got, want := gone.Load(), int64(batch*(rests+1)); got != want {
				t.Errorf("after %d rests %d were taken apart, want %d", rests, got, want)
			}
			<-time.After(time.Millisecond)
		}
		all.Wait()
		start := time.Now()
		for range 2 * batch {
			queue.Do(func() {})
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("one that does not queue waited %v", took)
		}
	})
}

// Beyond a storm's size the batches grow with those that wait.
func TestTeardownOfACrowd(t *testing.T) {
	const sessions, crowd = 320, 16<<10 + 4<<8
	synctest.Test(t, func(t *testing.T) {
		queue := hub.NewTeardown()
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
		for _, batch := range []int64{16, 21, 21, 21, 20, 20} { // as the crowd's share passes 5
			synctest.Wait()
			if want += batch; gone.Load() != want {
				t.Errorf("%d were taken apart, want %d", gone.Load(), want)
			}
			<-time.After(time.Millisecond)
		}
		all.Wait()
	})
}

// A storm of ten thousand is as gentle as ever, and a drain of a million sockets
// does not outlast its period for the rests' sake.
func TestTeardownTakesSeconds(t *testing.T) {
	for _, c := range []struct {
		sessions int64
		min, max int
	}{
		{10_000, 624, 624},
		{16_000, 999, 999},
		{128_000, 1000, 3000},
		{1_000_000, 1000, 3000},
	} {
		if got := hub.TeardownRests(c.sessions); got < c.min || got > c.max {
			t.Errorf("%d sessions: %d rests of 1 ms, want %d to %d", c.sessions, got, c.min, c.max)
		}
	}
}
