package hub

import (
	"runtime"
	"sync"

	"ranger/internal/hub/internal/queue"
)

// backlog is how many sessions may wait for each writer before another one is started.
const backlog = 16

// writers is a pool of goroutines that write to the sockets of which a write does not wait
// for the peer. They end when nothing is left to write.
type writers struct {
	hub *Hub // fixed at construction
	max int  // goroutines at a time; fixed at construction

	mu      sync.Mutex
	queue   queue.Queue[session] // guarded by mu: sessions with something to write, each once
	running int                  // guarded by mu
}

func newWriters(h *Hub) *writers { return &writers{hub: h, max: runtime.GOMAXPROCS(0)} }

// push queues a session. It does not block.
func (p *writers) push(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.Push(s)
	if p.running < p.max && p.queue.Len() > p.running*backlog {
		p.running++
		p.hub.running.Go(p.run)
	}
}

// next takes the session that has waited longest. It returns nil if there is none; then
// the goroutine that asks ends.
func (p *writers) next() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.queue.Pop()
	if s == nil {
		p.running--
	}
	return s
}

func (p *writers) run() {
	w := writer{buf: p.hub.writeBuffers.Take()}
	defer p.hub.writeBuffers.Give(w.buf)
	for s := p.next(); s != nil; s = p.next() {
		w.writeBatch(s)
	}
}
