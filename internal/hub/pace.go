package hub

import (
	"math"
	"time"
)

// A session is throttled above 750 events/s and released below 250 events/s. The gap
// between the two absorbs the broker's bursts. Below that, waiting would gain little.
const (
	paceSpan     = 32 * time.Millisecond // over which events are counted
	throttlePace = 24 * paceEvent        // 750 events/s
	busyPace     = 8 * paceEvent         // 250 events/s
	// paceEvent is the weight of one event. With a weight of 1 the decay between two
	// events would be rounded away.
	paceEvent = 16
)

// pace is a decaying count of the live events that a session has written: the weight of
// each falls to nothing in about paceSpan. Its zero value is ready for use.
type pace struct {
	at        monotonic // time of the last write
	n         uint16
	throttled bool // above 750 events/s, and not below 250 since
}

// count counts so many events, written at now.
func (p *pace) count(events int, now monotonic) {
	p.n = p.left(now)
	p.at = now
	p.n = uint16(min(int(p.n)+events*paceEvent, math.MaxUint16)) //nolint:gosec // just bounded
	p.throttled = p.n >= throttlePace || p.throttled && p.n >= busyPace
}

// left returns what is left of n at now.
func (p *pace) left(now monotonic) uint16 {
	passed := p.at.until(now)
	if passed < 0 || passed >= paceSpan {
		return 0
	}
	return p.n - uint16(int64(p.n)*int64(passed)/int64(paceSpan)) //nolint:gosec // a part of n
}

// isBusy reports whether there are more than 250 events/s at now.
func (p *pace) isBusy(now func() monotonic) bool {
	return p.n >= busyPace && p.left(now()) >= busyPace
}
