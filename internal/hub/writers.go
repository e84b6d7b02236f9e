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
func (ws *writers) push(s *session) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.queue.Push(s)
	if ws.running < ws.max && ws.queue.Len() > ws.running*backlog {
		ws.running++
		ws.hub.running.Go(ws.run)
	}
}

// next takes the session that has waited longest. It returns nil if there is none; then
// the goroutine that asks ends.
func (ws *writers) next() *session {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	s := ws.queue.Pop()
	if s == nil {
		ws.running--
	}
	return s
}

func (ws *writers) run() {
	w := writer{buf: ws.hub.writeBuffers.Take()}
	defer ws.hub.writeBuffers.Give(w.buf)
	for s := ws.next(); s != nil; s = ws.next() {
		w.writeBatch(s)
	}
}
