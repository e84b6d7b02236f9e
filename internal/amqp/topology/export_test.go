package topology

import "context"

// RemoveWithin is remove.
var RemoveWithin = remove

// ReadProbe is readProbe.
func (t *Topology) ReadProbe(ctx context.Context, x Exchange, judge func(body []byte) error) error {
	return t.readProbe(ctx, x, false, judge)
}
