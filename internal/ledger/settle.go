package ledger

import "time"

const (
	// settleLook is how often it is looked whether all events have come.
	settleLook = 50 * time.Millisecond
	// settleLinger is how long after that clients go on, for what comes twice.
	settleLinger = 500 * time.Millisecond
)

// settle waits until each client has got all events of its user, at most for
// cfg.Settle. Nothing is confirmed any more.
func (r *run) settle() {
	o := newOutstanding(due(r.plan, r.account.all()), r.transcripts)
	end := time.Now().Add(r.cfg.Settle)
	for !o.settled() && time.Now().Before(end) {
		<-time.After(settleLook)
	}
	<-time.After(min(settleLinger, r.cfg.Settle))
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

// settled tells whether nothing is missing.
func (o *outstanding) settled() bool {
	all := true
	for i := range o.missing {
		o.look(i)
		all = all && o.missing[i] == nil
	}
	return all
}
