package journal

import "math"

// paceSpan is over how many ms a pace is taken, busyPace how many events in that
// are many, some 250 a second, and fastPace how many are very many, some 750. Those who
// get very many are woken once each Rest, for all that came, until they are no
// longer many: a broker feeds in fits. Who gets fewer would wait for little gain.
const (
	paceSpan = 32
	busyPace = 8 * paceUnit
	fastPace = 24 * paceUnit
	// paceUnit is what an event counts for: in whole ones the weight of few would not
	// fall from one to the next.
	paceUnit = 16
)

// pace is how many events came of late: of each the weight falls to nothing within
// paceSpan or soon after. Its zero value is ready for use.
type pace struct {
	at   int64 // when the last one came, Unix ms
	n    uint16
	fast bool // there were very many, and there are many still
}

// count counts an event that came at that time, Unix ms.
func (p *pace) count(at int64) {
	switch passed := at - p.at; {
	case passed < 0 || passed >= paceSpan:
		p.n = 0
	default:
		p.n -= uint16(int64(p.n) * passed / paceSpan) //nolint:gosec // a part of n
	}
	p.at = at
	p.n += min(paceUnit, math.MaxUint16-p.n)
	p.fast = p.n >= fastPace || p.fast && p.isBusy()
}

// isFast tells whether there are very many, or were and are many still.
func (p *pace) isFast() bool { return p.fast }

// isBusy tells whether there are many.
func (p *pace) isBusy() bool { return p.n >= busyPace }
