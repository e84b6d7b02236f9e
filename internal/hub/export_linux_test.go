package hub

// Parked returns how many sessions are parked, -1 before Run has begun: it unparks each,
// and parks it again. It panics if one of them has a read buffer.
func (h *Hub) Parked() (n int) {
	p := h.poller.Load()
	if p == nil {
		return -1
	}
	for _, s := range h.registry.all() {
		switch {
		case !p.Unpark(int(s.fd), s):
		case s.reader.in.Size() != 0:
			panic("a parked session has a read buffer")
		case s.reader.park():
			n++
		default:
			s.Readable()
		}
	}
	return n
}
