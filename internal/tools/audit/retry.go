package audit

import (
	"slices"
	"time"
)

// retryPause is the time between two rounds of retries of refused events, so that a
// broker that refuses everything does not make the sender spin.
const retryPause = 200 * time.Millisecond

// idleWait is the wait if no retry is due: until something else happens.
const idleWait = time.Hour

// retryQueue holds the events to send again, each list in order. An event that is
// refused again waits for the next round: if it went to the front at once, a broker
// that refuses faster than the sender sends would keep later events back for ever.
type retryQueue struct {
	ready   []serial  // may be sent now
	refused []serial  // become ready when ready is empty and the pause is over
	since   time.Time // when the first of refused was refused
}

// add queues an event to be sent again at once.
func (q *retryQueue) add(n serial) { q.ready = insert(q.ready, n) }

// addRefused queues an event that the broker refused.
func (q *retryQueue) addRefused(n serial, now time.Time) {
	if len(q.refused) == 0 {
		q.since = now
	}
	q.refused = insert(q.refused, n)
}

// pop removes and returns an event that may be sent now. If there is none it
// returns the time until there is.
func (q *retryQueue) pop(now time.Time) (n serial, wait time.Duration, ok bool) {
	if len(q.ready) == 0 && len(q.refused) > 0 {
		if wait := q.since.Add(retryPause).Sub(now); wait > 0 {
			return 0, wait, false
		}
		q.ready, q.refused = q.refused, nil
	}
	if len(q.ready) == 0 {
		return 0, idleWait, false
	}
	n, q.ready = q.ready[0], q.ready[1:]
	return n, 0, true
}

func insert(queue []serial, n serial) []serial {
	i, _ := slices.BinarySearch(queue, n)
	return slices.Insert(queue, i, n)
}
