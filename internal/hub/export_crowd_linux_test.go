package hub

import (
	"bufio"
	"net"
	"net/http"
	"syscall"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub/internal/park"
	"ranger/internal/hub/internal/protocol"
)

// Watch gives the hub the poller that Run would, without a goroutine.
func (h *Hub) Watch() { h.poller.Store(park.New()) }

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

// Sweep looks at the clocks of all sessions once.
func (h *Hub) Sweep(now time.Time) {
	buf := make([]*session, sweepChunk)
	for n := range sweepParts {
		h.sweep(n, now, buf)
	}
}

// Copy does what a sweep does with the list of sessions locked, once.
func (h *Hub) Copy() { h.registry.copy(0, make([]*session, sweepChunk)) }
