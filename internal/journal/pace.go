package journal

import "math"

// A cursor is throttled above 750 events/s and released below 250 events/s. The gap
// between the two absorbs the broker's bursts. Below that, waiting would gain little.
const (
	paceSpan     = 32             // ms over which events are counted
	throttlePace = 24 * paceEvent // 750 events/s
	busyPace     = 8 * paceEvent  // 250 events/s
	// paceEvent is the weight of one event. With a weight of 1 the decay between two
	// events would be rounded away.
	paceEvent = 16
)

// pace is a decaying count of recent events: the weight of each falls to nothing in
// about paceSpan. Its zero value is ready for use.
type pace struct {
	at        int64 // time of the last event, Unix ms
	n         uint16
	throttled bool // above 750 events/s, and not below 250 since
}

// count counts an event at a time in Unix ms.
func (p *pace) count(at int64) {
	switch passed := at - p.at; {
	case passed < 0 || passed >= paceSpan:
		p.n = 0
	default:
		p.n -= uint16(int64(p.n) * passed / paceSpan) //nolint:gosec // a part of n
	}
	p.at = at
	p.n += min(paceEvent, math.MaxUint16-p.n)
	p.throttled = p.n >= throttlePace || p.throttled && p.isBusy()
}

// isBusy reports whether events come faster than 250 a second.
func (p *pace) isBusy() bool { return p.n >= busyPace }
