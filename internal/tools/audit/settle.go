package audit

import "time"

const (
	// settleLook is how often it is looked whether all events have come.
	settleLook = 50 * time.Millisecond
	// settleLinger is how long after that clients go on, for what comes twice.
	settleLinger = 500 * time.Millisecond
)

// settle waits until each client has every event of its user, or was told that
// the missing ones may be lost; at most for cfg.Settle. Nothing is confirmed any
// more.
func (r *run) settle() {
	entries := r.account.all()
	o := newOutstanding(due(r.plan, entries), r.transcripts)
	end := time.Now().Add(r.cfg.Settle)
	for !o.settled() && !r.missingAnnounced(o, entries) && time.Now().Before(end) {
		<-time.After(settleLook)
	}
	<-time.After(min(settleLinger, r.cfg.Settle))
}

// missingAnnounced reports whether every event that a client still lacks is covered
// by a gap or by resumed:false. Events that were not announced have all arrived then.
func (r *run) missingAnnounced(o *outstanding, entries []entry) bool {
	if !o.announced(entries, nil, r.account.unixMS) { // cheap, and needed by what follows
		return false
	}
	for _, t := range r.transcripts {
		if t.anew() {
			return true // another stream's positions do not compare
		}
	}
	places := make(map[serial]place)
	for _, t := range r.transcripts {
		for _, s := range t.since(0) {
			if s.placed {
				places[s.n] = s.place
			}
		}
	}
	return o.announced(entries, places, r.account.unixMS)
}

// outstanding is what clients have not got yet.
type outstanding struct {
	transcripts []*transcript
	missing     []map[serial]struct{} // by transcript; nil: none
	read        []int                 // by transcript: sightings looked at
}

// newOutstanding returns what clients have not got of what is owed to each user.
func newOutstanding(owed [][]serial, transcripts []*transcript) *outstanding {
	o := &outstanding{
		transcripts: transcripts,
		missing:     make([]map[serial]struct{}, len(transcripts)),
		read:        make([]int, len(transcripts)),
	}
	for i, t := range transcripts {
		o.missing[i] = make(map[serial]struct{})
		for _, n := range owed[t.user] {
			o.missing[i][n] = struct{}{}
		}
		o.look(i)
	}
	return o
}

// look takes in what a client has got since the last time.
func (o *outstanding) look(i int) {
	if o.missing[i] == nil {
		return
	}
	news := o.transcripts[i].since(o.read[i])
	o.read[i] += len(news)
	for _, s := range news {
		delete(o.missing[i], s.n)
	}
	if len(o.missing[i]) == 0 {
		o.missing[i] = nil // let its memory go
	}
}

// announced reports whether each client was told that what it has not got may be
// lost. places are where events stand, if any client got them.
func (o *outstanding) announced(entries []entry, places map[serial]place, unixMS func(time.Duration) int64) bool {
	for i, missing := range o.missing {
		for n := range missing {
			var at *place
			if known, ok := places[n]; ok {
				at = &known
			}
			if !o.transcripts[i].announced(entries[n], at, unixMS) {
				return false
			}
		}
	}
	return true
}

// settled tells whether nothing is missing.
func (o *outstanding) settled() bool {
	all := true
	for i := range o.missing {
		o.look(i)
		all = all && o.missing[i] == nil
	}
	return all
}
