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
