package exchange

import "context"

// Next returns the changes one after another, in order. It blocks until there is one; its
// only error is the cause of the context's end. One goroutine calls it.
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

// pop removes and returns the oldest change in the queue.
func (x *Exchange) pop() (Change, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.changes) == 0 {
		return Change{}, false
	}
	c := x.changes[0]
	x.changes[0] = Change{} // frees it before the array
	x.changes = x.changes[1:]
	return c, true
}

// roomLocked returns an error unless the queue has room for that many more changes. The
// caller checks before it changes anything, so no change is lost and the queue stays
// bounded.
func (x *Exchange) roomLocked(changes int) error {
	switch {
	case changes > x.pending:
		return refuse("volume", TooBig, "it would match with more orders than one may: place smaller ones")
	case changes > x.pending-len(x.changes):
		return refuse("", Busy, "too many changes wait to be published: try again later")
	}
	return nil
}

// addChangesLocked adds changes, for which there must be room.
func (x *Exchange) addChangesLocked(changes ...Change) {
	x.changes = append(x.changes, changes...)
	select {
	case x.more <- struct{}{}:
	default:
	}
}
