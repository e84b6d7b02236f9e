package audit

import "time"

// silenceLimit returns the longest time, in ms, that a socket may go without a
// heartbeat at this HEARTBEAT_INTERVAL. It leaves time for a node that is stopped
// for some seconds and for a slow machine.
func silenceLimit(interval time.Duration) int64 {
	return (3*interval + 10*time.Second).Milliseconds()
}

// checkSilence reports a missing heartbeat. at is the time at which the node took
// the message, by its own clock in Unix ms: delays in the network or the client do
// not count. Replays have no heartbeats, and their times lie in the past.
func (c *checker) checkSilence(about subject, at int64) {
	switch {
	case c.replaying:
	case c.lastSign == 0:
		c.lastSign = at
	case at-c.lastSign > c.silenceLimit:
		c.broken(about, "no heartbeat came for %d ms before it, by the node's own clock", at-c.lastSign)
		c.lastSign = at // report it once
	}
}

// heartbeat checks a heartbeat.
func (c *checker) heartbeat(h heartbeat) {
	pos, err := parsePosition(h.Position)
	if err != nil {
		return // parseControl reported it
	}
	c.checkSilence(subject{pos: &pos}, h.At)
	c.replaying, c.lastSign = false, h.At
	c.advance(pos, "heartbeat")
	c.position = h.Position
	c.checkPrevious(subject{pos: &pos}, "heartbeat.last", h.Last, h.At)
	if h.Last != nil && (!c.prevKnown || *h.Last != c.prevOffset) {
		c.prevOffset, c.prevKnown, c.prevAt = *h.Last, true, 0
	}
}
