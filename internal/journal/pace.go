package journal

import "math"

// paceSpan is over how many ms a pace is taken, busyPace how many events in that
// are many, some 250 a second, and fastPace how many are very many, some 750. Those who
// get very many are woken once each Rest, for twelve and more at once; who gets fewer
// would wait for little gain.
const (
	paceSpan = 32
	busyPace = 8
	fastPace = 24
)

// pace is how many events came of late: of each the weight falls to nothing within
// paceSpan or soon after. Its zero value is ready for use.
type pace struct {
	at int64 // when the last one came, Unix ms
	n  uint16
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
	p.n += min(1, math.MaxUint16-p.n)
}

// isFast tells whether there are very many.
func (p *pace) isFast() bool { return p.n >= fastPace }

// isBusy tells whether there are many.
func (p *pace) isBusy() bool { return p.n >= busyPace }
