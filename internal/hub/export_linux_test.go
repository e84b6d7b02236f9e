package hub

import "ranger/internal/hub/internal/park"

// Parked returns how many sessions are parked, -1 before Run has begun. It panics if one
// of them has a read buffer.
func (h *Hub) Parked() (n int) {
	p := h.poller.Load()
	if p == nil {
		return -1
	}
	p.Each(func(w park.Waker) {
		if w.(*session).reader.in.Size() != 0 {
			panic("a parked session has a read buffer")
		}
		n++
	})
	return n
}
