package hub

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/protocol"
)

// closeTimeout is how long a peer may take to answer a close frame.
const closeTimeout = 2 * time.Second

// reader reads a session's messages. It runs on one goroutine at a time, which ends when
// the session is parked or has ended.
type reader struct {
	session *session
	ws      *websocket.Conn
	in      bufio.Reader // what gorilla reads from; zero while the session is parked

	failures int8 // refused tokens in a row
}

func (r *reader) init(maxMessage int64) {
	r.ws.SetReadLimit(maxMessage)
	r.ws.SetPingHandler(func(payload string) error {
		r.session.reply(websocket.PongMessage, []byte(payload))
		return nil
	})
	r.ws.SetCloseHandler(func(int, string) error { return nil }) // fail answers
}

// run handles messages until the session is parked or ends.
func (r *reader) run() {
	if ended := r.readUntilParked(); ended {
		r.finish()
	}
}

// readUntilParked reports whether the session has ended. Otherwise it is parked, and no
// longer the caller's.
func (r *reader) readUntilParked() (ended bool) {
	s := r.session
	defer func() {
		if v := recover(); v != nil {
			s.hub.log.Error("session reader panicked", "panic", v, "peer", s.conn.peer())
			s.closeAndWait(protocol.InternalError)
			r.discard()
			ended = true
		}
	}()
	if s.conn.raw == nil { // it is never parked, and keeps its buffer
		for {
			if err := r.readMessage(); err != nil {
				return true
			}
		}
	}
	for {
		if err := r.readPending(); err != nil {
			return true
		}
		if r.park() {
			return false
		}
	}
}

// park gives up the reader's goroutine if the socket can be watched without one, and
// reports whether it did: then another goroutine is started when something comes. A
// session that ends is not parked, because its reader has a deadline. The session's
// conn.raw must not be nil.
func (r *reader) park() bool {
	s := r.session
	if r.isClosing() {
		return false
	}
	parked, err := s.hub.poller.Load().Park(s.conn.raw, s)
	if err != nil {
		if suppressed, ok := s.hub.refusedParks.Allow(logInterval); ok {
			s.hub.log.Warn("epoll refused a socket: it keeps a goroutine", "error", err,
				"advice", "raise fs.epoll.max_user_watches above twice the number of sockets", "suppressed", suppressed)
		}
	}
	// It may have begun to end in between, and then nothing would unpark it.
	return parked && (!r.isClosing() || !s.hub.poller.Load().Unpark(int(s.fd), s))
}

func (r *reader) isClosing() bool {
	r.session.mu.Lock()
	defer r.session.mu.Unlock()
	return r.session.closing.reason != 0
}

// readPending waits until something comes, and handles it: all messages of which a part
// has come.
func (r *reader) readPending() error {
	pool := &r.session.hub.readBuffers
	in := pool.Take(&r.session.conn)
	r.in = *in
	defer func() {
		r.in = bufio.Reader{}
		pool.Give(in)
	}()
	if _, err := r.in.Peek(1); err != nil {
		return err
	}
	for r.answerControls(); r.in.Buffered() > 0; r.answerControls() {
		if err := r.readMessage(); err != nil {
			return err
		}
	}
	return nil
}

// answerControls handles the pings and pongs that have come between messages: gorilla
// would wait for the message after them.
func (r *reader) answerControls() {
	for {
		b, _ := r.in.Peek(r.in.Buffered()) // that much is there
		opcode, payload, n := protocol.ControlFrame(b)
		if n == 0 {
			return
		}
		if opcode == websocket.PingMessage {
			r.session.reply(websocket.PongMessage, payload)
		}
		_, _ = r.in.Discard(n) // that much is there
	}
}

func (r *reader) readMessage() error {
	kind, text, err := r.ws.ReadMessage()
	if err != nil {
		r.fail(err)
		return err
	}
	r.handle(kind, text)
	return nil
}

// handle handles one message. Its answer is written when handle returns.
func (r *reader) handle(kind int, text []byte) {
	s := r.session
	if kind == websocket.TextMessage && !utf8.Valid(text) {
		s.close(protocol.InvalidUTF8)
		return
	}
	request := protocol.Request{Reply: protocol.BadMessage}
	if kind == websocket.TextMessage {
		request = protocol.Parse(text)
	}
	if request.Reply == protocol.NoBearer {
		s.hub.verifier.NoToken(context.Background(), s.conn.peer())
	}
	if request.Err != nil {
		s.hub.logRefusedOptions(context.Background(), request.Err, s.conn.peer())
	}
	if request.Token == "" {
		s.reply(websocket.TextMessage, []byte(request.Reply))
		return
	}
	r.authenticate(request)
}

// fail closes the session as a failed read requires.
func (r *reader) fail(err error) {
	s := r.session
	closed, ok := errors.AsType[*websocket.CloseError](err)
	switch {
	case ok && closed.Code != websocket.CloseAbnormalClosure:
		s.closeWithPeersCode(uint16(closed.Code)) //nolint:gosec // gorilla checked the range
	case errors.Is(err, websocket.ErrReadLimit):
		s.closeAndWait(protocol.TooBig)
		r.discard()
	case s.conn.pendingClose == websocket.CloseProtocolError:
		s.closeAndWait(protocol.ProtocolError)
		r.discard()
	}
}

// discard reads on after a close frame that the client did not ask for, until the client
// closes or closeTimeout has passed, so that the frame is not lost to a reset (RFC 6455
// §7.1.1).
func (r *reader) discard() {
	conn := r.session.conn.Conn
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // the read below ends in any case
	}
	_, _ = io.Copy(io.Discard, conn) // until the deadline that the writer has set
}

// finish frees what the session has. A writer that still runs fails on the closed
// connection.
func (r *reader) finish() {
	s := r.session
	s.mu.Lock()
	s.out.broken = true
	s.out.written.send()
	cursor, reason := s.cursor, s.closing.reason
	s.mu.Unlock()
	if c, ok := s.conn.Conn.(*tls.Conn); ok && reason != 0 {
		_ = c.CloseWrite() // close_notify, if the peer is there
	}
	s.hub.teardown.Do(func() {
		if cursor != nil {
			cursor.Close()
		}
		s.drop()
		s.hub.registry.remove(s, cursor != nil)
	})
	if reason == 0 {
		reason = protocol.Abnormal
	}
	defer s.hub.running.Done() // the session's
	s.hub.metrics.Closed(int(reason))
	s.hub.log.Debug("socket closed", "peer", s.conn.peer(), "code", int(reason))
}
