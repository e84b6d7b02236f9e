package audit

// comparison compares what the clients received with what they should have
// received.
type comparison struct {
	workload workload
	sent     *sentEvents
	events   []sentEvent
	findings *findings

	newStream bool          // another stream began: offsets cannot be compared
	first     []sighting    // by serial: the first known position at any client
	firstBy   []*transcript // by serial: the client of first
	current   []clientMark  // by serial: at the client being checked
}

// clientMark is the first sighting of an event by a client.
type clientMark struct {
	client int // from 1
	pos    position
}

// compare checks all clients and adds what is wrong to the findings.
func compare(w workload, sent *sentEvents, clients []*transcript, f *findings) {
	events := sent.all()
	c := comparison{
		workload: w, sent: sent, events: events, findings: f,
		first: make([]sighting, len(events)), firstBy: make([]*transcript, len(events)), current: make([]clientMark, len(events)),
	}
	byUser := expected(w, events)
	for i, t := range clients {
		c.checkOrder(i+1, t)
		c.newStream = c.newStream || t.sawNewStream()
	}
	for _, t := range clients {
		c.checkLost(t, byUser[t.user])
	}
}

// checkOrder looks for events that a client received twice or in a wrong order.
func (c *comparison) checkOrder(client int, t *transcript) {
	latest := make(map[uint32]serial) // by the publisher's connection
	for _, s := range t.sightingsFrom(0) {
		about := subject{event: &s.n}
		if s.hasPos {
			about.pos = &s.pos
		}
		e := c.events[s.n]
		before := c.current[s.n]
		c.current[s.n] = clientMark{client, s.pos}
		if before.client == client {
			if !e.separateCopies() || before.pos == s.pos {
				c.findings.add(Duplicated, t, about, "the client received it before, at %s", before.pos)
			}
			continue
		}
		switch last, any := latest[e.conn]; {
		case s.outOfOrder:
			c.findings.add(Reordered, t, about, "the client had received a higher position before")
		case e.sentOnce() && any && s.n < last:
			c.findings.add(Reordered, t, about, "event %d, which the publisher sent later on the same connection, arrived before it", last)
		case !c.samePosition(s, e, t):
			other := c.first[s.n].pos
			c.findings.add(Reordered, t, about, "client %s received it at %s", c.firstBy[s.n].name, other)
		}
		if e.sentOnce() {
			latest[e.conn] = max(latest[e.conn], s.n)
		}
	}
}

// samePosition reports whether the event has the position at which any other
// client received it.
func (c *comparison) samePosition(s sighting, e sentEvent, t *transcript) bool {
	switch {
	case !s.hasPos || e.separateCopies():
		return true
	case c.firstBy[s.n] == nil:
		c.first[s.n], c.firstBy[s.n] = s, t
		return true
	default:
		return c.first[s.n].pos == s.pos
	}
}

// checkLost looks for expected events that a client never received.
func (c *comparison) checkLost(t *transcript, expected []serial) {
	seen := make(map[serial]bool, len(expected))
	for _, s := range t.sightingsFrom(0) {
		seen[s.n] = true
	}
	for _, n := range expected {
		if seen[n] {
			continue
		}
		about := subject{event: &n}
		text := "it never arrived"
		if other := c.firstBy[n]; other != nil {
			about.pos = &c.first[n].pos
			text = "it never arrived; client " + other.name + " received it"
		}
		c.findings.add(Lost, t, about, "%s", text)
		pos := about.pos
		if c.newStream {
			pos = nil
		}
		if !t.lossAnnounced(c.events[n], pos, c.sent.unixMS) {
			c.findings.add(Unannounced, t, about, "%s, and neither a gap nor resumed:false announced the loss", text)
		}
	}
}
