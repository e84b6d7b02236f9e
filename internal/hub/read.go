package hub

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
)

// maxFailures is how many bad tokens in a row a socket may send.
const maxFailures = 5

// read is the session's reader: it handles one message after another until the
// socket ends, and then takes the session apart.
func (s *session) read() {
	defer s.finish()
	defer func() {
		if r := recover(); r != nil {
			s.hub.log.Error("a session's reader panicked", "panic", r, "peer", s.peer)
			s.endAndWait(InternalError, uint16(InternalError))
			s.drain()
		}
	}()
	for {
		kind, text, err := s.ws.ReadMessage()
		if err != nil {
			s.readFailed(err)
			return
		}
		s.handle(kind, text)
	}
}

// handle deals with one message; its answer is written when it returns.
func (s *session) handle(kind int, text []byte) {
	if kind == websocket.TextMessage && !utf8.Valid(text) {
		s.end(InvalidUTF8)
		return
	}
	m := message{answer: textBadMessage}
	if kind == websocket.TextMessage {
		m = parseMessage(text)
	}
	if m.answer == textNoBearer {
		s.hub.verifier.NoToken(context.Background(), s.peer)
	}
	if m.token == "" {
		s.say(websocket.TextMessage, []byte(m.answer))
		return
	}
	s.authenticate(m.token)
}

// authenticate has a token looked at and acts on what it says.
func (s *session) authenticate(token string) {
	left, ok := s.pauseClock()
	if !ok {
		return
	}
	// The wait is bounded by the verifier's own work and end: there is nothing
	// else that could cut it short.
	identity, err := s.hub.verifier.Verify(context.Background(), token, s.peer)
	s.resumeClock(left)
	switch {
	case err == nil:
		s.failures = 0
		s.admit(identity)
	case errors.Is(err, event.ErrRefused):
		s.failures++
		s.say(websocket.TextMessage, []byte(textRefused))
		if s.failures >= maxFailures {
			s.end(TooManyAttempts)
		}
	default:
		s.hub.log.Error("a token could not be verified", "error", err, "peer", s.peer)
		s.say(websocket.TextMessage, []byte(textBadMessage))
	}
}

// pauseClock stops the clock of AuthTimeout: waiting for ranger's own workers
// does not count. It returns how much is left, and false when the session ends.
func (s *session) pauseClock() (left time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left = time.Until(s.authBy)
	s.authBy = time.Time{}
	return left, s.ending == 0
}

// resumeClock lets the clock run on, and that of silence begin anew.
func (s *session) resumeClock(left time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.wire.life.Store(now.UnixMilli())
	s.authBy = now.Add(left)
	s.planLocked()
}

// admit gives the session its identity, or its new expiry. To whom a socket
// belongs never changes.
func (s *session) admit(identity event.Identity) {
	<-s.beginAdmit(identity)
}

// beginAdmit returns what is closed when the answer is written.
func (s *session) beginAdmit(identity event.Identity) (written <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admitLocked(identity)
	return s.writtenLocked()
}

func (s *session) admitLocked(identity event.Identity) {
	switch {
	case s.ending != 0:
		return
	case s.identity.UID == "":
		s.cursor = s.hub.journal.Subscribe(identity.UID, s)
		s.hub.registry.authenticate()
	case s.identity.UID != identity.UID:
		s.endLocked(IdentityChanged, uint16(IdentityChanged))
		return
	}
	s.identity = identity
	s.queueLocked(websocket.TextMessage, []byte(textAuthenticated))
	s.planLocked()
}

// readFailed ends the session in the way that the failure asks for.
func (s *session) readFailed(err error) {
	closed, ok := errors.AsType[*websocket.CloseError](err)
	switch {
	case ok && closed.Code != websocket.CloseAbnormalClosure:
		s.endAndWait(Left, uint16(closed.Code)) //nolint:gosec // gorilla checked the range
	case errors.Is(err, websocket.ErrReadLimit):
		s.endAndWait(TooBig, uint16(TooBig))
		s.drain()
	case s.wire.verdict == websocket.CloseProtocolError:
		s.endAndWait(ProtocolError, uint16(ProtocolError))
		s.drain()
	}
}

// endAndWait ends the session and returns when the close frame is written, or
// never will be.
func (s *session) endAndWait(e Ending, code uint16) {
	s.mu.Lock()
	s.endLocked(e, code)
	written := s.writtenLocked()
	s.mu.Unlock()
	<-written
}

// drain reads on after a close frame that the client has not asked for, so that
// the frame is not lost to a reset (RFC 6455 §7.1.1), until the client closes
// or closeTimeout is over.
func (s *session) drain() {
	if c, ok := s.wire.Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // the read below ends either way
	}
	_, _ = io.Copy(io.Discard, s.wire.Conn) // until the deadline that the writer has set
}

// finish takes the session apart. The writer, if one is left, fails on the
// closed connection.
func (s *session) finish() {
	s.mu.Lock()
	s.broken = true
	s.releaseLocked()
	cursor, ending := s.cursor, s.ending
	s.mu.Unlock()
	if cursor != nil {
		cursor.Close()
	}
	s.drop()
	s.hub.registry.remove(s, cursor != nil)
	if ending == 0 {
		ending = Lost
	}
	s.hub.metrics.Closed(int(ending))
	s.hub.log.Debug("socket closed", "peer", s.peer, "code", int(ending))
}
