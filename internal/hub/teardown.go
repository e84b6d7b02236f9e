package hub

import (
	"sync/atomic"
	"time"
)

// Where sessions queue to be taken apart, teardownBatch of them are, then nobody
// is for teardownRest: 16,000 a second at most.
const (
	teardownBatch = 16
	teardownRest  = time.Millisecond
)

// teardown has sessions taken apart one at a time, with rests. Where thousands of
// peers go at once, those that stay get their events in between: Go looks at the
// network when it has nothing else to run, or every 10 ms, and what the broker
// sends would wait behind all that end.
type teardown struct {
	turn    chan int     // holds one value: how many had their turn
	waiting atomic.Int64 // how many wait for theirs, or have it
}

func newTeardown() *teardown {
	t := &teardown{turn: make(chan int, 1)}
	t.turn <- 0
	return t
}

// do waits for its turn and calls f.
func (t *teardown) do(f func()) {
	t.waiting.Add(1)
	n := <-t.turn + 1
	f()
	if t.waiting.Add(-1) > 0 && n%teardownBatch == 0 {
		<-time.After(teardownRest)
	}
	t.turn <- n
}
