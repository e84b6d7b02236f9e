package amqp

import (
	"context"
	"sync"
)

// catchUps are those who wait until what is in the stream has been read. Its
// zero value is ready for use; it is safe for concurrent use.
type catchUps struct {
	mu      sync.Mutex
	waiting map[*catchUp]struct{} // guarded by mu
}

// catchUp is one who waits.
type catchUp struct {
	done  chan struct{} // closed by the lookout
	asked bool          // a marker was sent for it; guarded by catchUps.mu
}

// CatchUp returns nil when everything that was in the stream at the call is in
// the journal, else the context's error. Where the broker is away it waits for
// it. It is safe for concurrent use.
func (s *Source) CatchUp(ctx context.Context) error {
	w := &catchUp{done: make(chan struct{})}
	s.catchUps.add(w)
	defer s.catchUps.remove(w)
	s.ask()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask says to the lookout that somebody is waiting.
func (s *Source) ask() {
	select {
	case s.asked <- struct{}{}:
	default: // it will find all
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

// begin notes that a marker is about to be sent for all who wait now.
func (c *catchUps) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.waiting {
		w.asked = true
	}
}

// end lets those go for whom a marker was sent: it has come back, or it never
// will, and then they are to wait for another one.
func (c *catchUps) end(came bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.waiting {
		switch {
		case !w.asked:
		case came:
			close(w.done)
			delete(c.waiting, w)
		default:
			w.asked = false
		}
	}
}

// count returns how many wait.
func (c *catchUps) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}
