package journal

import (
	"math"
	"time"
)

// Rest is how long a waker is left in peace, to whom very many events come: see
// Message.Paced.
const Rest = 16 * time.Millisecond

// burstRest is for how long a waker is left in peace, in ms, while there is more to
// come: who is woken has a system call to make, which a busy user's next event
// need not wait for and can share.
const burstRest = 5

// never is when a cursor was woken that was not yet.
const never = math.MinInt64 / 2

// fewFor returns how many wakers may work on the goroutine that appends before the
// next Pause, where so many goroutines run at once. A write takes some 10 µs there, and
// twice that where another processor has to be woken for it; so the few take a
// millisecond where there are two, and less where there are more to share the work.
func fewFor(procs int) int { return max(fewest, 200/procs) }

// fewest is how many they are at least; and how many while a user's events come so close
// together that they may share a write if another goroutine makes it a little later.
const fewest = 4

// later are the cursors that have something to read and were not woken for it, each
// once.
type later struct {
	few   int       // fewFor this process; fixed at construction
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
			l.wake(c, l.few)
		}
	}
	if len(l.paced) > 0 && j.isMuch(m) {
		j.wakePaced()
	}
	switch {
	case !m.More:
		j.Pause()
	case m.At-l.since >= burstRest || m.At < l.since:
		l.burst = l.wakeAll(l.burst, l.few)
	}
}

// Pause wakes those who were to be woken with the next message, since none is at
// hand. It is for the goroutine that appends.
func (j *Journal) Pause() {
	l := &j.later
	l.burst = l.wakeAll(l.burst, l.few)
	l.spent = 0
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
	l.paced = l.wakeAll(l.paced, 0)
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

// wakeAll wakes late cursors, of whom few may work, and returns the empty list.
func (l *later) wakeAll(late []*Cursor, few int) []*Cursor {
	for i, c := range late {
		late[i] = nil
		c.late = false
		l.wake(c, few)
	}
	return late[:0]
}

// wake wakes c, whose waker may work as one of a few.
func (l *later) wake(c *Cursor, few int) {
	if c.pace.isBusy() {
		few = min(few, fewest)
	}
	leisure := l.spent < few
	if leisure {
		l.spent++
	}
	c.woken = l.at
	c.waker.Wake(leisure)
}
