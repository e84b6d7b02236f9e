package exchange

import "context"

// Next returns the changes one after another, in the order in which they happened.
// It blocks until there is one; its only error is the cause of the context's end.
// It is for one goroutine.
func (x *Exchange) Next(ctx context.Context) (Change, error) {
	for {
		if ctx.Err() != nil {
			return Change{}, context.Cause(ctx)
		}
		if c, ok := x.pop(); ok {
			return c, nil
		}
		select {
		case <-x.more:
		case <-ctx.Done():
		}
	}
}

// pop takes the oldest change that waits.
func (x *Exchange) pop() (Change, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.changes) == 0 {
		return Change{}, false
	}
	c := x.changes[0]
	x.changes[0] = Change{} // the array outlives its first changes
	x.changes = x.changes[1:]
	return c, true
}

// roomLocked returns an error unless that many more changes may wait. Who is told
// so may then tell that many: no change is lost, and none waits beyond the bound.
func (x *Exchange) roomLocked(changes int) error {
	switch {
	case changes > x.pending:
		return refuse("volume", TooBig, "it would match with more orders than one may: place smaller ones")
	case changes > x.pending-len(x.changes):
		return refuse("", Busy, "too many changes wait to be published: try again later")
	}
	return nil
}

// tellLocked adds changes for which there is room.
func (x *Exchange) tellLocked(changes ...Change) {
	x.changes = append(x.changes, changes...)
	select {
	case x.more <- struct{}{}:
	default:
	}
}
