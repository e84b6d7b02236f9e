// Package teardown ends sessions one at a time, with a pause after each batch. Without the
// pauses, thousands of sessions that end at once would keep all processors busy. Go then
// polls the network only every 10 ms, so the events of other sessions would be late.
package teardown

import (
	"sync/atomic"
	"time"
)

// If sessions queue, a pause follows each batch: at most 16,000 of them end per second. The
// batch grows with the queue beyond crowd, so that a million sessions take three seconds
// of pauses, not a minute.
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
