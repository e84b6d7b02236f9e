package journal

import "math"

// burstInterval is how often, in ms, a cursor is woken while more messages are
// buffered: each wake-up costs a system call, which a busy user's next events can
// share.
const burstInterval = 5

// never is Cursor.woken of a cursor that was not woken yet.
const never = math.MinInt64 / 2

// lateCursors are the cursors to wake when no more messages are buffered, or
// burstInterval is over, each once.
type lateCursors struct {
	cursors []*Cursor
	since   int64 // Message.At when the first of cursors was added
	at      int64 // the last Message.At
	inlined int   // wakers that have written inline since the last EndBatch
}

// wakeCursors wakes the cursors in j.wake for m, or notes that they must be woken later.
func (j *Journal) wakeCursors(m *Message) {
	l := &j.late
	l.at = m.At
	for i, c := range j.wake {
		j.wake[i] = nil
		switch {
		case c.late:
		case m.MoreBuffered && 0 <= m.At-c.woken && m.At-c.woken < burstInterval:
			if len(l.cursors) == 0 {
				l.since = m.At
			}
			c.late = true
			l.cursors = append(l.cursors, c)
		default:
			l.wake(c)
		}
	}
	switch {
	case !m.MoreBuffered:
		j.EndBatch()
	case m.At-l.since >= burstInterval || m.At < l.since:
		l.wakeAll()
	}
}

// EndBatch wakes the cursors that waited for the next message, because none is
// buffered. It is for the goroutine that appends.
func (j *Journal) EndBatch() {
	j.late.wakeAll()
	j.late.inlined = 0
}

func (l *lateCursors) wakeAll() {
	for i, c := range l.cursors {
		l.cursors[i] = nil
		c.late = false
		l.wake(c)
	}
	l.cursors = l.cursors[:0]
}

func (l *lateCursors) wake(c *Cursor) {
	c.woken = l.at
	if c.waker.Wake(l.inlined) {
		l.inlined++
	}
}
