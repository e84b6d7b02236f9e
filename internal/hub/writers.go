package hub

import (
	"runtime"
	"sync"

	"ranger/internal/rawio"
)

// backlog is how many sessions may wait for each of the writers before another
// one is started.
const backlog = 16

// writers write to the sockets whose writes do not wait for the peer. They are a
// few goroutines, which end when there is nothing left to write. A socket that
// takes no more at once is handed to a goroutine of its own, so that none waits
// for another. The zero value is not ready for use: see newWriters.
type writers struct {
	hub  *Hub // fixed at construction
	most int  // how many run at once; fixed at construction

	mu      sync.Mutex
	ready   []*session // guarded by mu: who has something to write, in order, each once
	taken   int        // guarded by mu: how many of ready were taken
	running int        // guarded by mu
}

func newWriters(h *Hub) *writers { return &writers{hub: h, most: runtime.GOMAXPROCS(0)} }

// push has a session written to. It does not block.
func (p *writers) push(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = append(p.ready, s)
	if p.running < p.most && len(p.ready)-p.taken > p.running*backlog {
		p.running++
		p.hub.running.Go(p.run)
	}
}

// next takes the session that has waited longest; nil where there is none, and
// then the writer that asks ends.
func (p *writers) next() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == len(p.ready) {
		p.running--
		return nil
	}
	s := p.ready[p.taken]
	p.ready[p.taken] = nil
	p.taken++
	switch {
	case p.taken == len(p.ready):
		p.ready, p.taken = p.ready[:0], 0
		if cap(p.ready) > keptReady {
			p.ready = nil
		}
	case p.taken > len(p.ready)/2 && p.taken > keptReady:
		n := copy(p.ready, p.ready[p.taken:])
		clear(p.ready[n:])
		p.ready, p.taken = p.ready[:n], 0
	}
	return s
}

// keptReady is for how many sessions an empty queue keeps room.
const keptReady = 1024

func (p *writers) run() {
	w := newWriter()
	w.buf = p.hub.buffers.take()
	defer p.hub.buffers.give(w.buf)
	for s := p.next(); s != nil; s = p.next() {
		s.turn(w)
	}
}

// writer is what writing without waiting takes. One goroutine uses it at a time.
type writer struct {
	buf *[]byte
	raw rawio.Writer
}

func newWriter() *writer { return &writer{buf: new([]byte)} }

// turn writes what there is, a batch at most, as far as the socket takes it at
// once. Where more is left the session queues again.
func (s *session) turn(to *writer) {
	var w work
	defer s.recoverWriter(&w)
	var ok bool
	if w, ok = s.nextWork(); !ok {
		return
	}
	b, events := s.compose((*to.buf)[:0], &w)
	*to.buf = b
	rest, err := to.raw.TryWrite(s.wire.raw, b)
	switch {
	case err != nil:
		s.giveUp(&w)
	case len(rest) > 0:
		s.startRest(w, append([]byte(nil), rest...), events)
	default:
		s.wroteAtOnce(&w, events)
	}
}

// startRest has a goroutine of the session's own write what is left of w.
func (s *session) startRest(w work, left []byte, events int) {
	s.hub.running.Go(func() { s.writeRest(&w, left, events) })
}

// writeRest waits until the peer has taken what is left of w.
func (s *session) writeRest(w *work, left []byte, events int) {
	defer s.recoverWriter(w)
	if err := s.writeInTime(w, left); err != nil {
		s.giveUp(w)
		return
	}
	s.wroteAtOnce(w, events)
}

// wroteAtOnce says that w was written, and queues the session again where there
// is more to write.
func (s *session) wroteAtOnce(w *work, events int) {
	if err := s.wrote(w, events); err != nil {
		s.giveUp(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, more := s.pendingLocked(); more {
		s.hub.writers.push(s)
		return
	}
	s.writing = false
	s.releaseLocked()
}
