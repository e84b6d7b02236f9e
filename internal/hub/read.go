package hub

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/protocol"
)

// read is the session's reader: it handles what has come, until the socket rests
// or ends, and then takes the session apart.
func (s *session) read() {
	if ended := s.readOn(); ended {
		s.finish()
	}
}

// readOn returns whether the socket has ended; else it rests, and the session is
// no longer the caller's.
func (s *session) readOn() (ended bool) {
	defer func() {
		if r := recover(); r != nil {
			s.hub.log.Error("a session's reader panicked", "panic", r, "peer", s.peer())
			s.endAndWait(protocol.InternalError, uint16(protocol.InternalError))
			s.drain()
			ended = true
		}
	}()
	if s.wire.raw == nil { // it never rests, and keeps its buffer
		for {
			if err := s.readMessage(); err != nil {
				return true
			}
		}
	}
	for {
		if err := s.readSome(); err != nil {
			return true
		}
		if s.park() {
			return false
		}
	}
}

// readSome waits until something comes, and handles it: all messages of which
// there is a part.
func (s *session) readSome() error {
	in := s.hub.readers.take(&s.wire)
	s.in = *in
	defer func() {
		s.in = bufio.Reader{}
		s.hub.readers.give(in)
	}()
	if _, err := s.in.Peek(1); err != nil {
		return err
	}
	for s.takeControls(); s.in.Buffered() > 0; s.takeControls() {
		if err := s.readMessage(); err != nil {
			return err
		}
	}
	return nil
}

// readMessage handles the next message.
func (s *session) readMessage() error {
	kind, text, err := s.ws.ReadMessage()
	if err != nil {
		s.readFailed(err)
		return err
	}
	s.handle(kind, text)
	return nil
}

// handle deals with one message; its answer is written when it returns.
func (s *session) handle(kind int, text []byte) {
	if kind == websocket.TextMessage && !utf8.Valid(text) {
		s.end(protocol.InvalidUTF8)
		return
	}
	m := protocol.Request{Reply: protocol.BadMessage}
	if kind == websocket.TextMessage {
		m = protocol.Parse(text)
	}
	if m.Reply == protocol.NoBearer {
		s.hub.verifier.NoToken(context.Background(), s.peer())
	}
	if m.Err != nil {
		s.hub.optionsRefused(context.Background(), m.Err, s.peer())
	}
	if m.Token == "" {
		s.say(websocket.TextMessage, []byte(m.Reply))
		return
	}
	s.authenticate(m)
}

// readFailed ends the session in the way that the failure asks for.
func (s *session) readFailed(err error) {
	closed, ok := errors.AsType[*websocket.CloseError](err)
	switch {
	case ok && closed.Code != websocket.CloseAbnormalClosure:
		s.endAndWait(protocol.ClosedByPeer, uint16(closed.Code)) //nolint:gosec // gorilla checked the range
	case errors.Is(err, websocket.ErrReadLimit):
		s.endAndWait(protocol.TooBig, uint16(protocol.TooBig))
		s.drain()
	case s.wire.verdict == websocket.CloseProtocolError:
		s.endAndWait(protocol.ProtocolError, uint16(protocol.ProtocolError))
		s.drain()
	}
}

// endAndWait ends the session and returns when the close frame is written, or
// never will be.
func (s *session) endAndWait(e protocol.CloseReason, code uint16) {
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
	if c, ok := s.wire.Conn.(*tls.Conn); ok && ending != 0 {
		_ = c.CloseWrite() // TLS's own end, to a peer that is there
	}
	s.hub.teardown.do(func() {
		if cursor != nil {
			cursor.Close()
		}
		s.drop()
		s.hub.registry.remove(s, cursor != nil)
	})
	if ending == 0 {
		ending = protocol.Abnormal
	}
	defer s.hub.running.Done() // the session's own
	s.hub.metrics.Closed(int(ending))
	s.hub.log.Debug("socket closed", "peer", s.peer(), "code", int(ending))
}
