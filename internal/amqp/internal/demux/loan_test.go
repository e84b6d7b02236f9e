package demux_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ranger/internal/amqp/internal/demux"
)

// A reader that was behind since a time counts as such at any moment, also in that in
// which it finishes: otherwise a caller would blame the broker for the delay.
func TestBehindSince_IsTrueWhileReaderFinishes(t *testing.T) {
	t.Parallel()
	c := demux.New(100)
	begin := time.Now()
	var since atomic.Int64 // ns after begin; the reader was behind then
	c.Begin(begin.Add(-time.Hour))
	var asking sync.WaitGroup
	var asked atomic.Bool
	asking.Go(func() {
		defer asked.Store(true)
		for n := range 1_000_000 {
			if at := begin.Add(time.Duration(since.Load())); !c.BehindSince(at) {
				t.Errorf("call %d: got BehindSince = false, want true", n)
				return
			}
		}
	})
	for n := int64(1); !asked.Load(); n++ {
		c.Begin(begin.Add(-time.Hour))
		since.Store(n)
		c.NoteDone(begin.Add(time.Duration(n)))
	}
	asking.Wait()
}
