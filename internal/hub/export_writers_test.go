package hub

import (
	"net"
	"syscall"
)

// SpareQueue is spareQueue.
const SpareQueue = spareQueue

// Queue is what sessions wait in for their turn. No writer runs.
type Queue struct{ w *writers }

// Waiter is a session that does nothing but wait.
type Waiter = session

// NewQueue returns an empty one.
func NewQueue() *Queue { return &Queue{&writers{}} }

// Push has w wait.
func (q *Queue) Push(w *Waiter) { q.w.push(w) }

// Next returns who waits longest.
func (q *Queue) Next() *Waiter { return q.w.next() }

// Held returns how many sessions the queue refers to, and for how many it has room.
func (q *Queue) Held() (held, room int) {
	for _, s := range q.w.queue[:cap(q.w.queue)] {
		if s != nil {
			held++
		}
	}
	return held, cap(q.w.queue)
}

// SetWriters sets how many writers run at most.
func (h *Hub) SetWriters(most int) {
	h.writers.mu.Lock()
	defer h.writers.mu.Unlock()
	h.writers.max = most
}

// InlineLimit is inlineLimit.
var InlineLimit = inlineLimit

// Say has a session of its own say a word over raw.
func (h *Hub) Say(conn net.Conn, raw syscall.RawConn) {
	s := &session{hub: h, conn: hijackedConn{Conn: conn, raw: raw, hub: h}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queueLocked(1, []byte("word"))
}
