package hub

// Resting returns how many sessions rest. It panics where one of them has a read
// buffer.
func (h *Hub) Resting() int {
	p := h.poller.Load()
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.resting {
		if s == nil {
			continue
		}
		if s.in.Size() != 0 {
			panic("a session rests with a read buffer")
		}
		n++
	}
	return n
}

// Runs tells whether Run has begun.
func (h *Hub) Runs() bool { return h.poller.Load() != nil }

// Poller knows who rests where, but wakes nobody.
type Poller = poller

// Sleeper is a session that does nothing but rest.
type Sleeper = session

// NewPoller returns one of its own.
func NewPoller() *Poller { return newPoller() }

// Put has s rest at fd, and returns who was there.
func (p *poller) Put(fd int, s *Sleeper) (before *Sleeper, ok bool) { return p.put(fd, s) }

// Take ends the rest of s.
func (p *poller) Take(s *Sleeper) bool { return p.take(s) }

// TakeAt ends the rest of who is at fd.
func (p *poller) TakeAt(fd int) *Sleeper { return p.takeAt(fd) }

// Close ends all rest.
func (p *poller) Close() []*Sleeper { return p.close() }
