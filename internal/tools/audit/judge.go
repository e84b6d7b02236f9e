package audit

// judge compares what clients saw with what they had to get.
type judge struct {
	plan     plan
	account  *account
	entries  []entry
	findings *findings

	anew  bool       // another stream began: numbers do not compare
	first []sighting // by serial, where known: the first of any client
	whose []*transcript
	seen  []mark // by serial: by the client that is looked at
}

// mark is a client's first sighting of an event.
type mark struct {
	client int // from 1
	place  place
}

// judgeAll judges all clients.
func judgeAll(p plan, a *account, clients []*transcript, f *findings) {
	entries := a.all()
	j := judge{
		plan: p, account: a, entries: entries, findings: f,
		first: make([]sighting, len(entries)), whose: make([]*transcript, len(entries)), seen: make([]mark, len(entries)),
	}
	owed := due(p, entries)
	for i, t := range clients {
		j.sightings(i+1, t)
		j.anew = j.anew || t.anew()
	}
	for _, t := range clients {
		j.lost(t, owed[t.user])
	}
}

// sightings looks for events that came twice or in a wrong order.
func (j *judge) sightings(client int, t *transcript) {
	latest := make(map[uint32]serial) // by the publisher's connection
	for _, s := range t.since(0) {
		a := about{event: &s.n}
		if s.placed {
			a.place = &s.place
		}
		e := j.entries[s.n]
		before := j.seen[s.n]
		j.seen[s.n] = mark{client, s.place}
		if before.client == client {
			if !e.copied() || before.place == s.place {
				j.findings.add(Duplicated, t, a, "the client had it before, at %s", before.place)
			}
			continue
		}
		switch last, any := latest[e.conn]; {
		case s.behind:
			j.findings.add(Reordered, t, a, "the client had had a higher position before")
		case e.clean() && any && s.n < last:
			j.findings.add(Reordered, t, a, "event %d, which the publisher sent later on the same connection, came before it", last)
		case !j.agrees(s, e, t):
			other := j.first[s.n].place
			j.findings.add(Reordered, t, a, "client %s had it at %s", j.whose[s.n].name, other)
		}
		if e.clean() {
			latest[e.conn] = max(latest[e.conn], s.n)
		}
	}
}

// agrees tells whether the event stands where any other client had it.
func (j *judge) agrees(s sighting, e entry, t *transcript) bool {
	switch {
	case !s.placed || e.copied():
		return true
	case j.whose[s.n] == nil:
		j.first[s.n], j.whose[s.n] = s, t
		return true
	default:
		return j.first[s.n].place == s.place
	}
}

// lost looks for events that never came.
func (j *judge) lost(t *transcript, owed []serial) {
	seen := make(map[serial]bool, len(owed))
	for _, s := range t.since(0) {
		seen[s.n] = true
	}
	for _, n := range owed {
		if seen[n] {
			continue
		}
		a := about{event: &n}
		text := "it never came"
		if other := j.whose[n]; other != nil {
			a.place = &j.first[n].place
			text = "it never came; client " + other.name + " had it"
		}
		j.findings.add(Lost, t, a, "%s", text)
		at := a.place
		if j.anew {
			at = nil
		}
		if !t.announced(j.entries[n], at, j.account.unixMS) {
			j.findings.add(Unannounced, t, a, "%s, and neither a gap nor resumed:false told that", text)
		}
	}
}
