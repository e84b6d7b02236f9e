package topology

import (
	"context"
	"time"
)

// RemoveWithin is remove.
var RemoveWithin = remove

// ReadProbe is readProbe.
func (t *Topology) ReadProbe(ctx context.Context, x Exchange, judge func(body []byte) error) error {
	return t.probe(x).read(ctx, false, judge)
}

// AgeDenials makes what noteDenied has remembered older.
func (t *Topology) AgeDenials(by time.Duration) {
	for _, e := range t.denied {
		e.at = e.at.Add(-by)
	}
}

// ParseAge is parseAge.
var ParseAge = parseAge

// LacksStreams is lacksStreams.
var LacksStreams = lacksStreams

// ParseMismatch returns the argument that parseMismatch reads from err.
func ParseMismatch(err error) (name string, value any, ok bool) {
	m, ok := parseMismatch(err)
	return m.name, m.value, ok
}

// RunQueue returns the name of the queue that shows a restart of the host at address.
func RunQueue(cfg Config, address string) string { return New(cfg, nil).run(address).name() }
