package audit

import "time"

// reset is a resumed:false answer. The client may lack messages between the
// position that it asked for and the one that it was given.
type reset struct {
	at       time.Duration // when it arrived, since the start of the run
	from, to uint64        // stream offsets of the two positions
}

// sawNewStream reports whether the client saw that another stream began. Its
// offsets cannot be compared with earlier ones.
func (t *transcript) sawNewStream() bool {
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

// lossAnnounced reports whether the server announced to the client that the event
// may be lost: by a gap around its publishing, with a second's tolerance between
// clocks, or by resumed:false. pos is the event's position, or nil if unknown.
func (t *transcript) lossAnnounced(e sentEvent, pos *position, unixMS func(time.Duration) int64) bool {
	const toleranceMS = 1000
	t.mu.Lock()
	defer t.mu.Unlock()
	// Only the last copy counts: the broker confirmed it. The client need not
	// receive an earlier copy that fell into a gap.
	from, to := unixMS(e.last), unixMS(e.confirmed)
	for _, g := range t.gaps {
		if g.From-toleranceMS <= to && from <= g.To+toleranceMS {
			return true
		}
	}
	for _, r := range t.resets {
		switch {
		case e.first >= r.at:
		case pos == nil || r.from < pos.offset && pos.offset <= r.to:
			return true
		}
	}
	return false
}
