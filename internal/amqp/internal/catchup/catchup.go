// Package catchup lets callers wait until everything is read that was in the stream when
// they asked.
package catchup

import (
	"context"
	"sync"
)

// Requests are callers of Wait. It is safe for concurrent use.
type Requests struct {
	requested chan struct{} // receives when there is a new caller; has room for one

	mu      sync.Mutex
	waiting map[*request]struct{} // guarded by mu
}

// request is one caller.
type request struct {
	done chan struct{} // closed by the monitor
	sent bool          // a marker was sent for it; guarded by Requests.mu
}

// New returns Requests.
func New() *Requests {
	return &Requests{requested: make(chan struct{}, 1), waiting: make(map[*request]struct{})}
}

// Wait returns nil when everything that was in the stream at the call is in the journal,
// else the error of ctx.
func (r *Requests) Wait(ctx context.Context) error {
	w := &request{done: make(chan struct{})}
	r.add(w)
	defer r.remove(w)
	select {
	case r.requested <- struct{}{}:
	default: // the monitor will find all callers
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Requested receives when there is a new caller.
func (r *Requests) Requested() <-chan struct{} { return r.requested }

func (r *Requests) add(w *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[w] = struct{}{}
}

func (r *Requests) remove(w *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, w)
}

// Begin notes that a marker is about to be sent for all callers.
func (r *Requests) Begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.waiting {
		w.sent = true
	}
}

// End answers the callers that the marker was sent for, if it has arrived; otherwise
// they wait for another one.
func (r *Requests) End(arrived bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.waiting {
		switch {
		case !w.sent:
		case arrived:
			close(w.done)
			delete(r.waiting, w)
		default:
			w.sent = false
		}
	}
}

// Count returns how many callers wait.
func (r *Requests) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}
