// Package pace measures how fast a session gets events, and decides by it how the session
// is written to.
package pace

import (
	"math"
	"time"

	"ranger/internal/hub/internal/clock"
)

// A session is throttled above 750 events/s and released below 250 events/s. The gap
// between the two absorbs the broker's bursts. Below that, waiting would gain little.
const (
	span      = 32 * time.Millisecond // over which events are counted
	throttled = 24 * weight           // 750 events/s
	busy      = 8 * weight            // 250 events/s
	// weight is that of one event. With a weight of 1 the decay between two events
	// would be rounded away.
	weight = 16
)

// Pace is a decaying count of the live events that a session has written: the weight of
// each falls to nothing in about 32 ms. Its zero value is ready for use.
type Pace struct {
	last      clock.Monotonic // time of the last write
	n         uint16
	throttled bool // above 750 events/s, and not below 250 since
}

// Count counts so many events, written at now.
func (p *Pace) Count(events int, now clock.Monotonic) {
	n := int(p.left(now)) + events*weight
	p.last, p.n = now, uint16(min(n, math.MaxUint16)) //nolint:gosec // just bounded
	p.throttled = p.n >= throttled || p.throttled && p.n >= busy
}

// left returns what is left of n at now.
func (p *Pace) left(now clock.Monotonic) uint16 {
	passed := p.last.Until(now)
	if passed < 0 || passed >= span {
		return 0
	}
	return p.n - uint16(int64(p.n)*int64(passed)/int64(span)) //nolint:gosec // a part of n
}

// Throttled reports whether the session is throttled.
func (p *Pace) Throttled() bool { return p.throttled }

// Last returns the time of the last write that was counted.
func (p *Pace) Last() clock.Monotonic { return p.last }

// LimitInline returns limit, which is InlineLimit's, or the least one if the session gets
// more than 250 events/s: a writer starts a little later and so may write several of its
// events at once.
func (p *Pace) LimitInline(limit int, now func() clock.Monotonic) int {
	if p.n >= busy && p.left(now()) >= busy {
		return minInline
	}
	return limit
}

// InlineLimit returns how many sessions may write inline in a batch, that is, on the
// goroutine that appends to the journal. There a write takes some 10 µs, half of what it
// takes if another processor must be woken for it. So with two processors they take a
// millisecond, and less if more processors can share the work.
func InlineLimit(procs int) int { return max(minInline, 200/procs) }

// minInline is the least inline limit.
const minInline = 4
