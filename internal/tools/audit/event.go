package audit

import (
	"bytes"
	"encoding/json"
)

// event checks an order or a trade.
func (c *checker) event(text []byte) {
	now := c.sent.now()
	n, ok := parseSerial(text)
	e, sent := c.sent.event(n)
	if !ok || !sent || !c.workload.involves(n, c.transcript.user) {
		c.otherEvent(text, ok && sent, n)
		return
	}
	c.view = c.workload.appendView(c.view[:0], n, c.transcript.user)
	tail, same := bytes.CutPrefix(text, c.view[:len(c.view)-1])
	if !same {
		c.add(Misdelivered, subject{event: &n}, "got  %.2000s\n      want %s", text, c.view)
		tail = text[max(0, bytes.LastIndex(text, []byte(`,"position":`))):]
	}
	s, err := parseSuffix(tail)
	if same && err == nil && !s.Replay && e.tries == 1 {
		c.transcript.addLatency(now - e.first)
	}
	about := subject{event: &n}
	pos, posErr := parsePosition(s.Position)
	if posErr == nil {
		about.pos = &pos
	}
	switch {
	case err != nil:
		c.broken(about, "%v", err)
	case !c.authenticated:
		c.broken(about, "the event came before the success line")
	case s.Replay != c.replaying:
		c.broken(about, "the event has replay %v, want %v: a replay lasts from resumed:true to the first heartbeat", s.Replay, c.replaying)
	}
	if posErr != nil {
		c.transcript.addEvent(sighting{n: n}, s.Replay)
		return
	}
	outOfOrder := c.position != "" && (pos.offset < c.highest || pos.offset == c.highest && !c.newStream)
	c.newStream = false
	c.checkSilence(about, s.At)
	c.transcript.addEvent(sighting{n: n, pos: pos, hasPos: true, outOfOrder: outOfOrder}, s.Replay)
	c.position = s.Position
	if outOfOrder {
		return // prev describes events in order
	}
	c.highest = pos.offset
	c.checkPrevious(about, "prev", s.Prev, s.At)
	c.prevOffset, c.prevKnown, c.prevAt = pos.offset, true, s.At
}

// otherEvent reports an event of another user or of no run. Its position is valid
// nevertheless.
func (c *checker) otherEvent(text []byte, ofRun bool, n serial) {
	var s suffix
	var about subject
	_ = json.Unmarshal(text, &s) // without a position there is none to keep
	if pos, err := parsePosition(s.Position); err == nil {
		about.pos = &pos
		c.highest, c.position = max(c.highest, pos.offset), s.Position
	}
	if !ofRun {
		c.add(Misdelivered, about, "the event was never published: %.2000s", text)
		return
	}
	about.event = &n
	_, seller, buyer := c.workload.parties(n)
	c.add(Misdelivered, about, "the event belongs to %s and %s: %.2000s", c.workload.uid(seller), c.workload.uid(buyer), text)
}

// minWindowMS is the shortest time, in ms, for which a node remembers an event.
const minWindowMS = 60_000

// checkPrevious checks the offset that the server gives as that of the user's
// previous event; nil: none is within the window. at is the time of the message by
// the node's clock, Unix ms.
func (c *checker) checkPrevious(about subject, what string, offset *uint64, at int64) {
	switch {
	case offset == nil:
		if c.prevKnown && at-c.prevAt <= minWindowMS {
			c.broken(about, "%s is missing, but the client's previous event is %d, within the window", what, c.prevOffset)
		}
	case c.prevKnown && *offset != c.prevOffset:
		c.broken(about, "%s is %d, but the client's previous event is %d", what, *offset, c.prevOffset)
	case !c.prevKnown && *offset > c.startedAt:
		c.broken(about, "%s is %d, but the client received no event since %d", what, *offset, c.startedAt)
	}
}
