package hub

import (
	"sync/atomic"
	"time"
)

// Where sessions queue to be taken apart, teardownBatch of them are, then nobody
// is for teardownRest: 16,000 a second at most. Of those beyond teardownCrowd that
// wait, one in teardownShare goes with each batch beside: a million take three
// seconds of rests, not a minute.
const (
	teardownBatch = 16
	teardownRest  = time.Millisecond
	teardownCrowd = 16 << 10
	teardownShare = 256
)

// teardown has sessions taken apart one at a time, with rests. Where thousands of
// peers go at once, those that stay get their events in between: Go looks at the
// network when it has nothing else to run, or every 10 ms, and what the broker
// sends would wait behind all that end.
type teardown struct {
	turn    chan int     // holds one value: how many are left of the batch
	waiting atomic.Int64 // how many wait for their turn, or have it
}

func newTeardown() *teardown {
	t := &teardown{turn: make(chan int, 1)}
	t.turn <- batchOf(0)
	return t
}

// do waits for its turn and calls f.
func (t *teardown) do(f func()) {
	t.waiting.Add(1)
	left := <-t.turn - 1
	f()
	waiting := t.waiting.Add(-1)
	if left == 0 {
		left = batchOf(waiting)
		if waiting > 0 {
			<-time.After(teardownRest)
		}
	}
	t.turn <- left
}

// batchOf returns how many go before the next rest, where so many wait.
func batchOf(waiting int64) int {
	return teardownBatch + int(max(0, waiting-teardownCrowd)/teardownShare)
}
