package amqp

import (
	"context"
	"sync"
)

// catchUps are the callers of Source.CatchUp. It is safe for concurrent use.
type catchUps struct {
	requested chan struct{} // receives when there is a new caller; has room for one

	mu      sync.Mutex
	waiting map[*catchUp]struct{} // guarded by mu
}

// catchUp is one caller.
type catchUp struct {
	done chan struct{} // closed by the monitor
	sent bool          // a marker was sent for it; guarded by catchUps.mu
}

// CatchUp returns nil when everything that was in the stream at the call is in the
// journal, else the error of ctx. It waits for a broker that is down. It is safe for
// concurrent use.
func (s *Source) CatchUp(ctx context.Context) error {
	w := &catchUp{done: make(chan struct{})}
	s.catchUps.add(w)
	defer s.catchUps.remove(w)
	s.catchUps.request()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// request notifies the monitor of a caller.
func (c *catchUps) request() {
	select {
	case c.requested <- struct{}{}:
	default: // it will find all callers
	}
}

func (c *catchUps) add(w *catchUp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = make(map[*catchUp]struct{})
	}
	c.waiting[w] = struct{}{}
}

func (c *catchUps) remove(w *catchUp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, w)
}

// begin notes that a marker is about to be sent for all callers.
func (c *catchUps) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.waiting {
		w.sent = true
	}
}

// end answers the callers that the marker was sent for, if it has arrived; otherwise
// they wait for another one.
func (c *catchUps) end(arrived bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.waiting {
		switch {
		case !w.sent:
		case arrived:
			close(w.done)
			delete(c.waiting, w)
		default:
			w.sent = false
		}
	}
}

// count returns how many callers wait.
func (c *catchUps) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}
