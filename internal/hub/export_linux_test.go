package hub

import "ranger/internal/hub/internal/park"

// Parked returns how many sessions are parked. It panics if one of them has a read
// buffer.
func (h *Hub) Parked() (n int) {
	h.poller.Load().Each(func(w park.Waker) {
		if w.(*session).reader.in.Size() != 0 {
			panic("a parked session has a read buffer")
		}
		n++
	})
	return n
}

// Runs reports whether Run has begun.
func (h *Hub) Runs() bool { return h.poller.Load() != nil }
