package audit

import "time"

const (
	// settlePoll is the time between two checks whether all events have arrived.
	settlePoll = 50 * time.Millisecond
	// settleQuiet is how long nothing must have arrived until events whose loss was
	// announced count as lost, and not as late.
	settleQuiet = 4 * time.Second
	// settleLinger is the time after that in which duplicates are still noticed.
	settleLinger = 500 * time.Millisecond
)

// settle waits until each client has received every event of its user, or was sent an
// announcement that the missing ones may be lost and receives no more. It waits for
// cfg.Settle at most, and is called when no more confirms can arrive.
func (r *run) settle() {
	events := r.sent.all()
	o := newOutstanding(expected(r.workload, events), r.transcripts)
	end := time.Now().Add(r.cfg.Settle)
	arrived, since := o.arrived(), time.Now()
	for !o.settled() && time.Now().Before(end) {
		if n := o.arrived(); n != arrived {
			arrived, since = n, time.Now()
		}
		if time.Since(since) >= settleQuiet && r.missingAnnounced(o, events) {
			break
		}
		<-time.After(settlePoll)
	}
	<-time.After(min(settleLinger, r.cfg.Settle))
}

// missingAnnounced reports whether a gap or resumed:false covers every event that a
// client still lacks.
func (r *run) missingAnnounced(o *outstanding, events []sentEvent) bool {
	if !o.announced(events, nil, r.sent.unixMS) { // a cheap test first: positions only narrow it
		return false
	}
	for _, t := range r.transcripts {
		if t.sawNewStream() {
			return true // positions of two streams cannot be compared
		}
	}
	positions := make(map[serial]position)
	for _, t := range r.transcripts {
		for _, s := range t.sightingsFrom(0) {
			if s.hasPos {
				positions[s.n] = s.pos
			}
		}
	}
	return o.announced(events, positions, r.sent.unixMS)
}

// outstanding tracks the events that clients have not received yet.
type outstanding struct {
	transcripts []*transcript
	missing     []map[serial]struct{} // by transcript; nil if nothing is missing
	read        []int                 // by transcript: number of sightings processed
}

// newOutstanding returns the events expected by user less those already received.
func newOutstanding(byUser [][]serial, transcripts []*transcript) *outstanding {
	o := &outstanding{
		transcripts: transcripts,
		missing:     make([]map[serial]struct{}, len(transcripts)),
		read:        make([]int, len(transcripts)),
	}
	for i, t := range transcripts {
		o.missing[i] = make(map[serial]struct{})
		for _, n := range byUser[t.user] {
			o.missing[i][n] = struct{}{}
		}
		o.update(i)
	}
	return o
}

// update removes the events that a client has received since the last update.
func (o *outstanding) update(i int) {
	if o.missing[i] == nil {
		return
	}
	news := o.transcripts[i].sightingsFrom(o.read[i])
	o.read[i] += len(news)
	for _, s := range news {
		delete(o.missing[i], s.n)
	}
	if len(o.missing[i]) == 0 {
		o.missing[i] = nil // free its memory
	}
}

// arrived returns the number of sightings processed.
func (o *outstanding) arrived() (n int) {
	for _, read := range o.read {
		n += read
	}
	return n
}

// announced reports whether the loss of each missing event was announced to its client.
// positions holds those of events that some client received.
func (o *outstanding) announced(events []sentEvent, positions map[serial]position, unixMS func(time.Duration) int64) bool {
	for i, missing := range o.missing {
		for n := range missing {
			var pos *position
			if known, ok := positions[n]; ok {
				pos = &known
			}
			if !o.transcripts[i].lossAnnounced(events[n], pos, unixMS) {
				return false
			}
		}
	}
	return true
}

// settled updates all clients and reports whether nothing is missing.
func (o *outstanding) settled() bool {
	all := true
	for i := range o.missing {
		o.update(i)
		all = all && o.missing[i] == nil
	}
	return all
}
