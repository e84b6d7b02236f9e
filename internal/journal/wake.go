package journal

import (
	"math"
	"time"
)

// Rest is how long a waker is left in peace, to whom very many events come: see
// Message.Paced.
const Rest = 10 * time.Millisecond

// burstRest is for how long a waker is left in peace, in ms, while there is more to
// come: who is woken has a system call to make, which a busy user's next event
// need not wait for and can share.
const burstRest = 5

// never is when a cursor was woken that was not yet.
const never = math.MinInt64 / 2

// few is how many wakers may work on the goroutine that appends before the next
// Pause: a user whose event comes among very many of others' does not wait for them
// nor for a goroutine, and the others hardly wait for that.
const few = 4

// later are the cursors that have something to read and were not woken for it, each
// once.
type later struct {
	burst []*Cursor // until no more is at hand
	since int64     // when the first of burst came, by Message.At
	at    int64     // the last Message.At
	paced []*Cursor // until Flush
	held  int       // how many messages were appended since the first of paced came
	size  int64     // how many bytes of events were in them
	spent int       // how many wakers have worked since the last Pause
}

// tell wakes those in j.wake whom m is for, or notes that they are to be woken later.
func (j *Journal) tell(m *Message) {
	l := &j.later
	l.at = m.At
	for i, c := range j.wake {
		j.wake[i] = nil
		c.pace.count(m.At)
		switch {
		case c.late: // it has its place
		case m.Paced && c.pace.isFast():
			c.late = true
			l.paced = append(l.paced, c)
		case m.More && 0 <= m.At-c.woken && m.At-c.woken < burstRest:
			if len(l.burst) == 0 {
				l.since = m.At
			}
			c.late = true
			l.burst = append(l.burst, c)
		default:
			c.woken = m.At
			c.waker.Wake(l.spent < few)
			l.spent++
		}
	}
	if len(l.paced) > 0 && j.isMuch(m) {
		j.wakePaced()
	}
	switch {
	case !m.More:
		j.Pause()
	case m.At-l.since >= burstRest || m.At < l.since:
		l.burst = wakeAll(l.burst, m.At)
	}
}

// Pause wakes those who were to be woken with the next message, since none is at
// hand. It is for the goroutine that appends.
func (j *Journal) Pause() {
	j.later.burst = wakeAll(j.later.burst, j.later.at)
	j.later.spent = 0
}

// Resting tells whether there are users who rest, so that Flush must be called. It is
// for the goroutine that appends.
func (j *Journal) Resting() bool { return len(j.later.paced) > 0 }

// Flush wakes all who were to be woken later. It is for the goroutine that appends.
func (j *Journal) Flush() {
	j.Pause()
	j.wakePaced()
}

func (j *Journal) wakePaced() {
	l := &j.later
	l.paced = wakeAll(l.paced, l.at)
	l.held, l.size = 0, 0
}

// isMuch counts what is held from those who rest with m, and tells whether it is so
// much that their logs might soon drop it.
func (j *Journal) isMuch(m *Message) bool {
	l := &j.later
	l.held++
	for i := range m.Events {
		l.size += int64(len(m.Events[i].Message))
	}
	return l.held >= j.cfg.Size/4 || l.size >= j.cfg.Memory/256
}

// wakeAll wakes late cursors at that time, and returns the empty list.
func wakeAll(late []*Cursor, at int64) []*Cursor {
	for i, c := range late {
		late[i] = nil
		c.late, c.woken = false, at
		c.waker.Wake(false)
	}
	return late[:0]
}
