package audit

import "time"

// reset is a resumed:false: the client may lack what stands behind the position
// that it asked for, up to the one that it was given.
type reset struct {
	at       time.Duration // when it came, since the run's start
	from, to uint64        // the numbers of both
}

// anew tells whether the client saw that another stream began, whose numbers are
// not to be compared with those before.
func (t *transcript) anew() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range t.gaps {
		if g.Reason == "stream" {
			return true
		}
	}
	for _, r := range t.resets {
		if r.to < r.from {
			return true
		}
	}
	return false
}

// announced tells whether the client was told that an event may be lost: by a gap
// around its publishing, give or take a second between clocks, or by
// resumed:false. at is where the event stands, where that is known.
func (t *transcript) announced(e entry, at *place, unixMS func(time.Duration) int64) bool {
	const slack = 1000
	t.mu.Lock()
	defer t.mu.Unlock()
	// The copy that was confirmed is the last one. An earlier one that a gap took
	// is none that a client has to get.
	from, to := unixMS(e.last), unixMS(e.confirmed)
	for _, g := range t.gaps {
		if g.From-slack <= to && from <= g.To+slack {
			return true
		}
	}
	for _, r := range t.resets {
		switch {
		case e.first >= r.at:
		case at == nil || r.from < at.number && at.number <= r.to:
			return true
		}
	}
	return false
}
