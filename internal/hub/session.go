package hub

import (
	"crypto/tls"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
	"ranger/internal/journal"
)

// session is one socket. Its reader is a goroutine that runs while there is something to
// read; without the optimisations for Linux it runs until the socket ends. Its writer is
// one of the hub's, or a goroutine that runs while there is something to write.
// Hub.running counts the session and all these goroutines.
type session struct {
	hub    *Hub // fixed at construction
	conn   hijackedConn
	reader reader
	timers timers

	mu      sync.Mutex
	uid     event.UID       // guarded by mu; empty before the first valid token
	expires clock.UnixNano  // guarded by mu: expiry of the token
	cursor  *journal.Cursor // guarded by mu; nil before the first valid token
	sub     *subscription   // guarded by mu; nil for a client that uses only the plain protocol
	out     outbox          // guarded by mu
	closing closing         // guarded by mu

	slot int32 // guarded by the registry's mu
	fd   int32 // descriptor of the socket, if it may be parked; fixed when the session begins
}

// open begins the session, unless the hub is closed. The first write has the response to
// the handshake, the challenge and, if the request had a token, the answer to it.
func (s *session) open(identity event.Identity, o protocol.Options) bool {
	h, now := s.hub, time.Now()
	at := h.clock.At(now)
	s.conn.lastRead.Store(int64(at))
	s.reader.init(h.cfg.MaxMessage)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.timers.authAt, s.timers.pingAt = at.Add(h.cfg.AuthTimeout), at.Add(h.cfg.PingInterval)
	s.rearmLocked(now)
	if !h.registry.add(s, func() { h.running.Add(1) }) {
		return false
	}
	s.out.frames, s.conn.handshake = *s.conn.handshake, nil
	s.queueLocked(websocket.TextMessage, protocol.Challenge())
	if identity.UID != "" {
		s.admitLocked(identity, o)
	}
	return true
}

// reply queues a message and waits until it is written, so that a client that only sends
// is slowed down to the speed at which it reads.
func (s *session) reply(opcode byte, text []byte) {
	s.mu.Lock()
	s.queueLocked(opcode, text)
	written := s.out.whenWritten()
	s.mu.Unlock()
	<-written
}

// queueLocked queues a message for the writer, unless the session is closing.
func (s *session) queueLocked(opcode byte, payload []byte) {
	if s.closing.reason == 0 {
		s.out.frames = protocol.AppendFrame(s.out.frames, opcode, payload)
		s.startWriterLocked()
	}
}

// Wake notes that the session's cursor has entries to read. If only a few sessions have
// done so since the batch began, it writes them on the calling goroutine: starting a
// writer takes longer.
func (s *session) Wake(inlined int) (inline bool) {
	if !s.mustWriteInline(inlined) {
		return false
	}
	s.hub.appending.writeBatch(s)
	return true
}

// mustWriteInline reports whether the caller must write; otherwise a writer will.
func (s *session) mustWriteInline(inlined int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.mustWait(s.hub.throttle.interval, s.hub.clock.Now) {
		s.hub.throttle.add(s)
		return false
	}
	s.out.woken = true
	if s.conn.raw != nil && s.out.isIdle() && inlined < s.out.pace.LimitInline(s.hub.inlineLimit, s.hub.clock.Now) {
		s.out.writing = true
		return true
	}
	s.startWriterLocked()
	return false
}

// startWriterLocked starts writing what is pending, unless a writer runs: on the hub's
// writers if a write does not wait for the peer, otherwise on a new goroutine.
func (s *session) startWriterLocked() {
	if !s.out.isIdle() {
		return
	}
	s.out.writing = true
	if s.conn.raw != nil {
		s.hub.writers.push(s)
	} else {
		s.hub.running.Go(func() { writeAll(s) })
	}
}

// pendingLocked reports to the writer whether there is something to write, and whether
// there may be events in it.
func (s *session) pendingLocked() (events, ok bool) {
	heartbeat := s.sub.takeHeartbeat()
	if s.out.broken || s.out.closeSent {
		return false, false
	}
	events = (s.out.woken || heartbeat) && s.cursor != nil && s.closing.allowsEvents(s.hub.clock.Now)
	return events, events || len(s.out.frames) > 0 || s.closing.reason != 0
}

// Readable starts the reader of a session that was parked.
func (s *session) Readable() { s.hub.running.Go(s.reader.run) }

// unpark starts the reader if the session is parked.
func (s *session) unpark() {
	if s.hub.poller.Load().Unpark(int(s.fd), s) {
		s.Readable()
	}
}

// drop closes the connection without a close frame; the reader notices it. It does not
// block: it closes the connection below TLS, because TLS may wait 5 s for a peer that
// does not read.
func (s *session) drop() {
	c := s.conn.Conn
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	_ = c.Close() // the peer gets no more anyway
	s.unpark()    // after Close, so that it cannot be parked again
}
