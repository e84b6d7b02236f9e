package hub

import (
	"bufio"
	"net"
	"net/http"
	"syscall"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
)

// Tuning is what tests set of a Hub. Zero values change nothing.
type Tuning struct {
	CloseTimeout time.Duration // how long a peer may take to answer a close frame
	ReadBuffer   int           // bytes; gorilla then does not use the hub's reader
	Writers      int           // the most writers at a time; -1 for none
	NoThrottle   bool          // throttles no session
}

// Tune sets what a Tuning says. Sockets that are open must be idle.
func (h *Hub) Tune(t Tuning) {
	if t.CloseTimeout != 0 {
		h.closeWait = t.CloseTimeout
	}
	if t.ReadBuffer != 0 {
		h.upgrader.ReadBufferSize = t.ReadBuffer
	}
	if t.NoThrottle {
		h.throttle.interval = 0
	}
	if t.Writers != 0 {
		h.writers.mu.Lock()
		defer h.writers.mu.Unlock()
		h.writers.max = max(0, t.Writers)
	}
}

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

// Wait waits until all sessions have ended.
func (h *Hub) Wait() { h.running.Wait() }

// NewWriter returns a function that writes to conn what was appended for uid since the call
// before, as a session without goroutines does. If the client opted in, it has the options
// of a query, and a heartbeat can be written.
func (h *Hub) NewWriter(uid event.UID, conn net.Conn, optIn bool, query string) (write func(heartbeat bool) error) {
	s := &session{hub: h, uid: uid, expires: clock.ToUnixNano(time.Now().Add(time.Hour)), out: outbox{writing: true}}
	s.conn.Conn = conn
	if optIn {
		s.cursor, _ = h.journal.SubscribeWithGaps(uid, noWaker{})
		s.sub = &subscription{journal: h.journal, cursor: s.cursor, optIn: true}
		if query != "" {
			options, err := protocol.ParseQuery(query)
			if err != nil {
				panic(err)
			}
			s.sub.filter = options.Filter
		}
	} else {
		s.cursor = h.journal.Subscribe(uid, noWaker{})
	}
	var buf []byte
	return func(heartbeat bool) error {
		if heartbeat {
			s.sub.heartbeatOwed = true
		}
		j := job{session: s, cursor: s.cursor, sub: s.sub}
		buf = j.encode(buf[:0])
		if err := j.writeAndWait(buf); err != nil {
			return err
		}
		return j.done()
	}
}

type noWaker struct{}

func (noWaker) Wake(int) bool { return false }

// OpenParked upgrades a request over a connection that is no socket of the system and
// writes to raw. It leaves the session without a reader, as if it were parked. It
// returns when the answer is written.
func (h *Hub) OpenParked(w http.ResponseWriter, r *http.Request, uid event.UID, raw syscall.RawConn) error {
	s := &session{hub: h}
	s.reader.session = s
	ws, err := h.upgrader.Upgrade(hijacker{w, s}, r, nil)
	if err != nil {
		return err
	}
	s.reader.ws, s.conn.raw = ws, raw
	if !s.open(event.Identity{UID: uid, Expires: time.Now().Add(24 * time.Hour)}, protocol.Options{}) {
		return net.ErrClosed
	}
	s.reader.in = bufio.Reader{}
	s.mu.Lock()
	written := s.out.whenWritten()
	s.mu.Unlock()
	<-written
	return nil
}

// Sweep checks the timers of all sessions once.
func (h *Hub) Sweep(now time.Time) {
	buf := make([]*session, sweepChunk)
	for n := range sweepParts {
		h.sweep(n, now, buf)
	}
}

// Copy does what a sweep does with the list of sessions locked, once.
func (h *Hub) Copy() { h.registry.copy(0, make([]*session, sweepChunk)) }
