package hub

import (
	"bufio"
	"net"
	"net/http"
	"syscall"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub/internal/protocol"
)

// Watch gives the hub the poller that Run would, without a goroutine.
func (h *Hub) Watch() { h.poller.Store(newPoller()) }

// OpenAtRest upgrades a request over a connection that is no socket of the system's and
// writes to raw, and lets the session rest as if its descriptor were place, which
// nobody else may have. It returns when the answer is written.
func (h *Hub) OpenAtRest(w http.ResponseWriter, r *http.Request, uid event.UID, raw syscall.RawConn, place int) error {
	s := &session{hub: h}
	ws, err := h.upgrader.Upgrade(hijacker{w, s}, r, nil)
	if err != nil {
		return err
	}
	s.ws, s.wire.raw = ws, raw
	if !s.open(event.Identity{UID: uid, Expires: time.Now().Add(24 * time.Hour)}, protocol.Options{}) {
		return net.ErrClosed
	}
	s.in = bufio.Reader{}
	h.poller.Load().put(place, s)
	s.mu.Lock()
	written := s.writtenLocked()
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
