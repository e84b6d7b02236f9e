package hub

import (
	"net"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub/internal/protocol"
)

// ReadBuffer is the size of a socket's read buffer.
const ReadBuffer = readBuffer

// Queued returns how many bytes wait for the writers of all sessions together.
func (h *Hub) Queued() int {
	n := 0
	for _, s := range h.registry.all() {
		s.mu.Lock()
		n += len(s.out.frames)
		s.mu.Unlock()
	}
	return n
}

// SetCloseTimeout sets how long a peer may take to answer a close frame. It is
// called before the first socket is opened.
func (h *Hub) SetCloseTimeout(d time.Duration) { h.closeWait = d }

// Wait waits until all sessions have ended.
func (h *Hub) Wait() { h.running.Wait() }

// Writer is a session's writer without a session's goroutines.
type Writer struct {
	s   session
	buf []byte
}

type noWaker struct{}

func (noWaker) Wake(int) bool { return false }

// NewWriter returns a Writer of what is appended for uid from now on to conn.
func (h *Hub) NewWriter(uid event.UID, conn net.Conn) *Writer {
	w := &Writer{s: session{hub: h, out: outbox{writing: true}}}
	w.s.conn.Conn = conn
	w.s.uid, w.s.expires = uid, toUnixNano(time.Now().Add(time.Hour))
	w.s.cursor = h.journal.Subscribe(uid, noWaker{})
	return w
}

// Write writes what is pending.
func (w *Writer) Write() error {
	j := job{session: &w.s, cursor: w.s.cursor, sub: w.s.sub}
	w.buf = j.encode(w.buf[:0])
	if err := j.writeAndWait(w.buf); err != nil {
		return err
	}
	return j.done()
}

// NewResumingWriter is NewWriter of a client that opted in, with the options of a query.
func (h *Hub) NewResumingWriter(uid event.UID, conn net.Conn, query string) *Writer {
	w := h.NewWriter(uid, conn)
	w.s.cursor, _ = h.journal.SubscribeWithGaps(uid, noWaker{})
	var options protocol.Options
	if query != "" {
		var err error
		if options, err = protocol.ParseQuery(query); err != nil {
			panic(err)
		}
	}
	w.s.sub = &subscription{journal: h.journal, cursor: w.s.cursor, optIn: true, filter: options.Filter}
	return w
}

// WriteHeartbeat writes what is pending, and a heartbeat if there is a position.
func (w *Writer) WriteHeartbeat() error {
	w.s.sub.heartbeatOwed = true
	return w.Write()
}

// Teardown is what sessions queue at in their end.
type Teardown = teardown

// NewTeardown returns one of its own.
func NewTeardown() *Teardown { return newTeardown() }

// Do waits for its turn and calls f.
func (t *Teardown) Do(f func()) { t.do(f) }

// Crowd has it look as if n more waited.
func (t *Teardown) Crowd(n int64) { t.waiting.Add(n) }

// TeardownRests returns how many rests there are while so many sessions, which
// all wait, are taken apart.
func TeardownRests(sessions int64) int {
	rests := 0
	for waiting := sessions - int64(batchOf(0)); waiting > 0; rests++ {
		waiting -= int64(batchOf(waiting))
	}
	return rests
}

// At returns the instant of t.
func (h *Hub) At(t time.Time) time.Duration { return time.Duration(h.at(t)) }

// TokenLeft returns what is left at now of a token.
func TokenLeft(expires, now time.Time) time.Duration { return toUnixNano(expires).until(now) }

// SetReadBufferSize has gorilla use a reader with a buffer of this size, and not the one
// that it is given.
func (h *Hub) SetReadBufferSize(n int) { h.upgrader.ReadBufferSize = n }
