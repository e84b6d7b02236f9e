package hub

import (
	"runtime"
	"sync"
)

// backlog is how many sessions may wait for each writer before another one is started.
const backlog = 16

// writers is a pool of goroutines that write to the sockets of which a write does not wait
// for the peer. They end when nothing is left to write.
type writers struct {
	hub *Hub // fixed at construction
	max int  // goroutines at a time; fixed at construction

	mu      sync.Mutex
	queue   []*session // guarded by mu: sessions with something to write, in order, each once
	taken   int        // guarded by mu: sessions taken from the front of queue
	running int        // guarded by mu
}

func newWriters(h *Hub) *writers { return &writers{hub: h, max: runtime.GOMAXPROCS(0)} }

// push queues a session. It does not block.
func (p *writers) push(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, s)
	if p.running < p.max && len(p.queue)-p.taken > p.running*backlog {
		p.running++
		p.hub.running.Go(p.run)
	}
}

// next takes the session that has waited longest. It returns nil if there is none; then
// the goroutine that asks ends.
func (p *writers) next() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == len(p.queue) {
		p.running--
		return nil
	}
	s := p.queue[p.taken]
	p.queue[p.taken] = nil
	p.taken++
	switch {
	case p.taken == len(p.queue):
		p.queue, p.taken = p.queue[:0], 0
		if cap(p.queue) > spareQueue {
			p.queue = nil
		}
	case p.taken > len(p.queue)/2 && p.taken > spareQueue:
		n := copy(p.queue, p.queue[p.taken:])
		clear(p.queue[n:])
		p.queue, p.taken = p.queue[:n], 0
	}
	return s
}

// spareQueue is the number of sessions for which an empty queue keeps room.
const spareQueue = 1024

func (p *writers) run() {
	w := writer{buf: p.hub.writeBuffers.take()}
	defer p.hub.writeBuffers.give(w.buf)
	for s := p.next(); s != nil; s = p.next() {
		w.writeBatch(s)
	}
}

// inlineLimitOf returns how many sessions may write inline in a batch, as far as one with
// this pace is concerned. If it is busy, a writer starts a little later and so may write
// several events at once.
func (h *Hub) inlineLimitOf(p *pace) int {
	if p.isBusy(h.now) {
		return minInline
	}
	return h.inlineLimit
}

// inlineLimit returns how many sessions may write inline in a batch. There a write takes
// some 10 µs, half of what it takes if another processor must be woken for it. So with
// two processors they take a millisecond, and less if more processors can share the
// work.
func inlineLimit(procs int) int { return max(minInline, 200/procs) }

// minInline is the least inline limit.
const minInline = 4
