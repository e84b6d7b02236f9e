package hub

import (
	"bufio"
	"sync"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/protocol"
)

// restBuffer is the size in bytes of the read buffer that a socket has while it
// does not rest: a message that bears a token fits.
const restBuffer = 4096

// readers holds the buffers of sockets that rest. They are lent by value: a
// resting session's own bufio.Reader is zero.
type readers struct{ pool sync.Pool }

func (r *readers) take(w *wire) *bufio.Reader {
	in, ok := r.pool.Get().(*bufio.Reader)
	if !ok {
		return bufio.NewReaderSize(w, restBuffer)
	}
	in.Reset(w)
	return in
}

func (r *readers) give(in *bufio.Reader) {
	in.Reset(nil)
	r.pool.Put(in)
}

// park gives up the reader's goroutine if the socket can be watched without one, and
// reports whether it did: then another goroutine is started when something comes. A
// session that ends is not parked, since its reader has a deadline.
func (s *session) park() bool {
	if s.wire.raw == nil || s.isEnding() || !s.hub.poller.Load().Park(s.wire.raw, s) {
		return false
	}
	// It may have begun to end in between, and then no goroutine would unpark it.
	return !s.isEnding() || !s.hub.poller.Load().Unpark(s)
}

func (s *session) isEnding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending != 0
}

// unpark starts a reader, if the session is parked.
func (s *session) unpark() {
	if s.hub.poller.Load().Unpark(s) {
		s.Readable()
	}
}

// Readable starts the reader of a session that was parked.
func (s *session) Readable() { s.hub.running.Go(s.read) }

// takeControls deals with the pings and pongs that have come between messages:
// gorilla would wait for the message behind them.
func (s *session) takeControls() {
	for {
		b, _ := s.in.Peek(s.in.Buffered()) // as much is there
		opcode, payload, n := protocol.ControlFrame(b)
		if n == 0 {
			return
		}
		if opcode == websocket.PingMessage {
			s.say(websocket.PongMessage, payload)
		}
		_, _ = s.in.Discard(n) // as much is there
	}
}
