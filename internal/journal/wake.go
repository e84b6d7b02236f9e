package journal

import (
	"math"
	"time"
)

// ThrottleInterval is how often throttled cursors are woken: see Message.Throttle.
const ThrottleInterval = 16 * time.Millisecond

// burstInterval is how often, in ms, a cursor is woken while more messages are
// buffered: each wake-up costs a system call, which a busy user's next events can
// share.
const burstInterval = 5

// never is Cursor.woken of a cursor that was not woken yet.
const never = math.MinInt64 / 2

// inlineBudget returns how many wakers may write on the goroutine that appends between
// two calls of EndBatch. There a write takes some 10 µs, half of what it takes if
// another processor must be woken for it. So with two processors they take a
// millisecond, and less if more processors can share the work.
func inlineBudget(procs int) int { return max(minInline, 200/procs) }

// minInline is the least inline budget. It is also the budget of cursors that get more
// than 250 events/s: another goroutine would write a little later, and so may write
// several events at once.
const minInline = 4

// lateCursors are the cursors to wake later, each once.
type lateCursors struct {
	inlineBudget int // fixed at construction

	burst     []*Cursor // until no more messages are buffered
	since     int64     // Message.At when the first of burst was added
	at        int64     // the last Message.At
	throttled []*Cursor // until FlushThrottled
	held      int       // messages appended since the first of throttled was added
	heldBytes int64     // bytes of their events
	used      int       // wakers called with inline since the last EndBatch
}

// wakeCursors wakes the cursors in j.wake for m, or notes that they must be woken later.
func (j *Journal) wakeCursors(m *Message) {
	l := &j.late
	l.at = m.At
	for i, c := range j.wake {
		j.wake[i] = nil
		c.pace.count(m.At)
		switch {
		case c.late:
		case m.Throttle && c.pace.throttled:
			c.late = true
			l.throttled = append(l.throttled, c)
		case m.MoreBuffered && 0 <= m.At-c.woken && m.At-c.woken < burstInterval:
			if len(l.burst) == 0 {
				l.since = m.At
			}
			c.late = true
			l.burst = append(l.burst, c)
		default:
			l.wake(c, l.inlineBudget)
		}
	}
	if len(l.throttled) > 0 && j.mayOverflow(m) {
		j.wakeThrottled()
	}
	switch {
	case !m.MoreBuffered:
		j.EndBatch()
	case m.At-l.since >= burstInterval || m.At < l.since:
		l.burst = l.wakeAll(l.burst, l.inlineBudget)
	}
}

// EndBatch wakes the cursors that waited for the next message, because none is
// buffered. It is for the goroutine that appends.
func (j *Journal) EndBatch() {
	l := &j.late
	l.burst = l.wakeAll(l.burst, l.inlineBudget)
	l.used = 0
}

// HasThrottled reports whether FlushThrottled must be called. It is for the goroutine
// that appends.
func (j *Journal) HasThrottled() bool { return len(j.late.throttled) > 0 }

// FlushThrottled wakes all late cursors. It is for the goroutine that appends.
func (j *Journal) FlushThrottled() {
	j.EndBatch()
	j.wakeThrottled()
}

func (j *Journal) wakeThrottled() {
	l := &j.late
	l.throttled = l.wakeAll(l.throttled, 0)
	l.held, l.heldBytes = 0, 0
}

// mayOverflow counts m, and reports whether the logs of throttled cursors might soon
// drop entries that these have not read.
func (j *Journal) mayOverflow(m *Message) bool {
	l := &j.late
	l.held++
	for i := range m.Events {
		l.heldBytes += int64(len(m.Events[i].Message))
	}
	return l.held >= j.cfg.Size/4 || l.heldBytes >= j.cfg.Memory/256
}

// wakeAll wakes late cursors, of which budget may write inline, and returns the empty
// list.
func (l *lateCursors) wakeAll(late []*Cursor, budget int) []*Cursor {
	for i, c := range late {
		late[i] = nil
		c.late = false
		l.wake(c, budget)
	}
	return late[:0]
}

// wake wakes c, inline if the budget is not used up.
func (l *lateCursors) wake(c *Cursor, budget int) {
	if c.pace.isBusy() {
		budget = min(budget, minInline)
	}
	inline := l.used < budget
	if inline {
		l.used++
	}
	c.woken = l.at
	c.waker.Wake(inline)
}
