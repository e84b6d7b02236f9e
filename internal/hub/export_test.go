package hub

import (
	"net"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
)

// ReadBuffer is the size of a socket's read buffer.
const ReadBuffer = readBuffer

// Queued returns how many bytes wait for the writers of all sessions together.
func (h *Hub) Queued() int {
	n := 0
	for _, s := range h.registry.part(0, 1, nil) {
		s.mu.Lock()
		n += len(s.frames)
		s.mu.Unlock()
	}
	return n
}

// Wait waits until all sessions have ended.
func (h *Hub) Wait() { h.running.Wait() }

// ParseMessage reads a client's message; one of the two is empty.
func ParseMessage(text []byte) (token, answer string) {
	m := parseMessage(text)
	return m.token, m.answer
}

// AppendFrame appends a text frame.
func AppendFrame(dst, payload []byte) []byte { return appendFrame(dst, websocket.TextMessage, payload) }

// Writer is a session's writer without a session's goroutines.
type Writer struct {
	s   session
	buf []byte
}

type noWaker struct{}

func (noWaker) Wake() {}

// NewWriter returns a Writer of what is appended for uid from now on to conn.
func (h *Hub) NewWriter(uid event.UID, conn net.Conn) *Writer {
	w := &Writer{s: session{hub: h, writing: true}}
	w.s.wire.Conn = conn
	w.s.identity = event.Identity{UID: uid, Expires: time.Now().Add(time.Hour)}
	w.s.cursor = h.journal.Subscribe(uid, noWaker{})
	return w
}

// Write writes what there is.
func (w *Writer) Write() error { return w.s.do(&work{cursor: w.s.cursor}, &w.buf) }
