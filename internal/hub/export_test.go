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
	for _, s := range h.registry.all() {
		s.mu.Lock()
		n += len(s.frames)
		s.mu.Unlock()
	}
	return n
}

// SetCloseTimeout sets how long a peer may take to answer a close frame. It is
// called before the first socket is opened.
func (h *Hub) SetCloseTimeout(d time.Duration) { h.closeWait = d }

// Wait waits until all sessions have ended.
func (h *Hub) Wait() { h.running.Wait() }

// ParseMessage reads a client's message; one of the two is empty.
func ParseMessage(text []byte) (token, answer string) {
	m := parseMessage(text)
	return m.token, m.answer
}

// Terms are what a client asks for, its lists without copies and in order.
type Terms struct {
	Resume          bool
	After           string
	Markets, Events []string
}

// ParseTerms reads the terms of a client's message that bears a token.
func ParseTerms(text []byte) Terms { return export(parseMessage(text).terms) }

// QueryTerms reads the terms of an upgrade's query.
func QueryTerms(query string) (Terms, bool) {
	t, err := queryTerms(query)
	return export(t), err == nil
}

func export(t terms) Terms {
	out := Terms{Resume: t.resume, Markets: t.filter.markets}
	if t.after != nil {
		out.After = t.after.String()
	}
	for _, kind := range []event.Kind{event.Order, event.Trade} {
		if t.filter.kinds&(1<<kind) != 0 {
			out.Events = append(out.Events, kind.String())
		}
	}
	return out
}

// AppendFrame appends a text frame.
func AppendFrame(dst, payload []byte) []byte { return appendFrame(dst, websocket.TextMessage, payload) }

// Writer is a session's writer without a session's goroutines.
type Writer struct {
	s   session
	buf []byte
}

type noWaker struct{}

func (noWaker) Wake(int) bool { return false }

// NewWriter returns a Writer of what is appended for uid from now on to conn.
func (h *Hub) NewWriter(uid event.UID, conn net.Conn) *Writer {
	w := &Writer{s: session{hub: h, writing: true}}
	w.s.wire.Conn = conn
	w.s.uid, w.s.expires = uid, wall(time.Now().Add(time.Hour))
	w.s.cursor = h.journal.Subscribe(uid, noWaker{})
	return w
}

// Write writes what there is.
func (w *Writer) Write() error { return w.s.do(&work{cursor: w.s.cursor, feed: w.s.feed}, &w.buf) }

// NewResumingWriter is NewWriter of a client that opted in and asks for markets.
func (h *Hub) NewResumingWriter(uid event.UID, conn net.Conn, markets []string) *Writer {
	w := h.NewWriter(uid, conn)
	w.s.cursor, _ = h.journal.SubscribeWithGaps(uid, noWaker{})
	w.s.feed = &feed{journal: h.journal, cursor: w.s.cursor, resume: true, filter: filter{markets: markets}}
	return w
}

// WriteBeat writes what there is, and a heartbeat if it can be told already.
func (w *Writer) WriteBeat() error {
	w.s.feed.owed = true
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
func TokenLeft(expires, now time.Time) time.Duration { return wall(expires).until(now) }
