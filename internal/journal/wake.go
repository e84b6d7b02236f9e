package journal

import "math"

// rest is for how long a waker is left in peace, in ms, while there is more to
// come: who is woken has a system call to make, which a busy user's next event
// need not wait for and can share.
const rest = 5

// never is when a cursor was woken that was not yet.
const never = math.MinInt64 / 2

// few is how many wakers may work on the goroutine that appends.
const few = 4

// later are the cursors that have something to read and were not woken for it.
type later struct {
	cursors []*Cursor // each once
	since   int64     // when the first of them came, by Message.At
}

// tell wakes those in j.wake whom a message is for, that was read at this time; with
// more those that were woken within rest not yet.
func (j *Journal) tell(at int64, more bool) {
	l := &j.later
	leisure := !more && len(j.wake)+len(l.cursors) <= few
	for i, c := range j.wake {
		j.wake[i] = nil
		switch {
		case c.late: // it has its place
		case more && 0 <= at-c.woken && at-c.woken < rest:
			if len(l.cursors) == 0 {
				l.since = at
			}
			c.late = true
			l.cursors = append(l.cursors, c)
		default:
			c.woken = at
			c.waker.Wake(leisure)
		}
	}
	if !more || at-l.since >= rest || at < l.since {
		j.flush(at)
	}
}

// Flush wakes all who were to be woken with the next message. It is for the goroutine
// that appends, when no message follows one of which it had said that there is More.
func (j *Journal) Flush() { j.flush(j.later.since) }

func (j *Journal) flush(at int64) {
	for i, c := range j.later.cursors {
		j.later.cursors[i] = nil
		c.late, c.woken = false, at
		c.waker.Wake(false)
	}
	j.later.cursors = j.later.cursors[:0]
}
