package hub

import (
	"sync/atomic"
	"time"
)

// If sessions queue for their teardown, there is a pause after each batch: at most 16,000
// sessions per second end. The batch grows with the queue beyond teardownCrowd, so that a
// million sessions take three seconds of pauses, not a minute.
const (
	teardownBatch = 16 // sessions
	teardownPause = time.Millisecond
	teardownCrowd = 16 << 10 // sessions
	teardownShare = 256      // sessions beyond the crowd for one more in a batch
)

// teardown ends sessions one at a time, with pauses. If thousands of peers leave at once,
// those that stay get their events in between: Go polls the network when it has nothing
// else to run, or every 10 ms, so the broker's messages would wait for all that end.
type teardown struct {
	turn    chan int     // holds one value: what is left of the batch
	waiting atomic.Int64 // sessions that wait for their turn or have it
}

func newTeardown() *teardown {
	t := &teardown{turn: make(chan int, 1)}
	t.turn <- batchOf(0)
	return t
}

// do waits for its turn, then calls f.
func (t *teardown) do(f func()) {
	t.waiting.Add(1)
	left := <-t.turn - 1
	f()
	waiting := t.waiting.Add(-1)
	if left == 0 {
		left = batchOf(waiting)
		if waiting > 0 {
			<-time.After(teardownPause)
		}
	}
	t.turn <- left
}

// batchOf returns the size of a batch while so many sessions wait.
func batchOf(waiting int64) int {
	return teardownBatch + int(max(0, waiting-teardownCrowd)/teardownShare)
}
