package hub

import (
	"bufio"
	"crypto/tls"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/protocol"
	"ranger/internal/journal"
)

// closeTimeout is how long a peer may take to answer a close frame.
const closeTimeout = 2 * time.Second

// session is one socket. Its reader is a goroutine that lives while there is
// something to read, or, where that cannot be known, as long as it does; its writer
// is one of the hub's, or one that lives while there is something to write. All
// are counted in Hub.running, and so is the session.
type session struct {
	hub  *Hub            // fixed at construction
	ws   *websocket.Conn // fixed at construction; read by the reader alone
	wire wire

	in bufio.Reader // what gorilla reads from; owned by the reader, zero while the session rests

	// due is when a clock of this session is next to be looked at.
	due atomic.Int64

	mu      sync.Mutex
	uid     event.UID       // guarded by mu; empty before the first good token
	expires wallTime        // guarded by mu: of the token
	cursor  *journal.Cursor // guarded by mu; nil before the first good token
	sub     *subscription   // guarded by mu; nil for a client that asks for nothing beyond the plain protocol
	authBy  instant         // guarded by mu: a good token is to be there by then; never while one is verified
	pingAt  instant         // guarded by mu: when the next ping is due

	frames  []byte        // guarded by mu: written before events
	written chan struct{} // guarded by mu: closed when frames are written, or never will be; may be nil
	partAt  instant       // guarded by mu: when a drain closes it; 0 without a drain
	goneBy  instant       // guarded by mu: until when events come first, once it is sent away

	slot int32 // guarded by the registry's mu

	ending    protocol.CloseReason // guarded by mu: why it ends, 0 while it does not
	closeCode uint16               // guarded by mu: code of the close frame
	closeSent bool                 // guarded by mu: the writer has taken the close frame
	woken     bool                 // guarded by mu: the log may hold more
	held      bool                 // guarded by mu: it waits for the throttle's next tick
	pace      pace                 // guarded by mu
	writing   bool                 // guarded by mu: a writer runs
	broken    bool                 // guarded by mu: nothing can be written any more

	failures int8 // bad tokens in a row; owned by the reader
}

// peer returns the client's address: none where that is no IP address, as in
// tests over pipes.
func (s *session) peer() netip.AddrPort {
	peer, _ := netip.ParseAddrPort(s.wire.Conn.RemoteAddr().String())
	return peer
}

// Wake notes that the session's cursor has entries to read. If only a few sessions have
// done so since the batch began, it writes them on the calling goroutine: starting a
// writer takes longer.
func (s *session) Wake(inlined int) (inline bool) {
	if !s.wokenToWrite(inlined) {
		return false
	}
	s.turn(s.hub.appending)
	return true
}

// wokenToWrite reports whether the caller must write; otherwise a writer does.
func (s *session) wokenToWrite(inlined int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holdLocked() {
		return false
	}
	s.woken = true
	if s.wire.raw != nil && !s.writing && !s.broken && inlined < s.inlineLimitLocked() {
		s.writing = true
		return true
	}
	s.startWriterLocked()
	return false
}

// inlineLimitLocked returns how many sessions may write inline in a batch, as far as
// this one is concerned. If it is busy, a writer starts a little later and so may write
// several events at once.
func (s *session) inlineLimitLocked() int {
	if s.pace.isBusy(s.hub.now) {
		return minInline
	}
	return s.hub.inlineLimit
}

// inlineLimit returns how many sessions may write inline in a batch. There a write takes
// some 10 µs, half of what it takes if another processor must be woken for it. So with
// two processors they take a millisecond, and less if more processors can share the
// work.
func inlineLimit(procs int) int { return max(minInline, 200/procs) }

// minInline is the least inline limit.
const minInline = 4

// say queues a message and waits until it is written, so that a client that
// only sends is slowed down to its own reading.
func (s *session) say(opcode byte, text []byte) {
	s.mu.Lock()
	s.queueLocked(opcode, text)
	written := s.writtenLocked()
	s.mu.Unlock()
	<-written
}

// queueLocked queues a message for the writer, unless the session ends.
func (s *session) queueLocked(opcode byte, payload []byte) {
	if s.ending == 0 {
		s.frames = protocol.AppendFrame(s.frames, opcode, payload)
		s.startWriterLocked()
	}
}

// writtenLocked returns what is closed when all that is queued now is written,
// or never will be.
func (s *session) writtenLocked() <-chan struct{} {
	if s.written == nil {
		s.written = make(chan struct{})
	}
	written := s.written
	if !s.writing {
		s.releaseLocked()
	}
	return written
}

// releaseLocked lets those go on that wait for what was queued.
func (s *session) releaseLocked() {
	if s.written != nil {
		close(s.written)
		s.written = nil
	}
}

// end begins the close handshake, unless it has begun: what is queued is
// written, then a close frame. It does not block.
func (s *session) end(e protocol.CloseReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(e, uint16(e))
}

// endLocked is end with a close frame of the given code.
func (s *session) endLocked(e protocol.CloseReason, code uint16) {
	if s.ending == 0 {
		s.ending, s.closeCode = e, code
		s.startWriterLocked()
	}
}

// drop cuts the connection without a word; the reader notices. It does not
// block: it closes what is below TLS, whose own Close may wait 5 s for a peer
// that does not read.
func (s *session) drop() {
	c := s.wire.Conn
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	_ = c.Close() // nothing is owed to a peer that is gone
	s.unpark()    // after Close, so that it cannot be parked again
}
