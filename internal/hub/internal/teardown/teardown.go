// Package teardown ends sessions one at a time, with pauses. If thousands of peers leave at
// once, those that stay get their events in between: Go polls the network when it has
// nothing else to run, or every 10 ms, so the broker's messages would wait for all that
// end.
package teardown

import (
	"sync/atomic"
	"time"
)

// If sessions queue, there is a pause after each batch: at most 16,000 of them end per
// second. The batch grows with the queue beyond crowd, so that a
// million sessions take three seconds of pauses, not a minute.
const (
	batch = 16 // sessions
	pause = time.Millisecond
	crowd = 16 << 10 // sessions
	share = 256      // sessions beyond the crowd for one more in a batch
)

// Queue ends sessions in turn. It is safe for concurrent use.
type Queue struct {
	turn    chan int     // holds one value: what is left of the batch
	waiting atomic.Int64 // sessions that wait for their turn or have it
}

// New returns a Queue.
func New() *Queue {
	q := &Queue{turn: make(chan int, 1)}
	q.turn <- batchOf(0)
	return q
}

// Do waits for its turn, then calls f.
func (q *Queue) Do(f func()) {
	q.waiting.Add(1)
	left := <-q.turn - 1
	f()
	waiting := q.waiting.Add(-1)
	if left == 0 {
		left = batchOf(waiting)
		if waiting > 0 {
			<-time.After(pause)
		}
	}
	q.turn <- left
}

// batchOf returns the size of a batch while so many sessions wait.
func batchOf(waiting int64) int {
	return batch + int(max(0, waiting-crowd)/share)
}
