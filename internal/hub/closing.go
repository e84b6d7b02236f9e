package hub

import (
	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
)

// closing is how a session ends. It is guarded by the session's mu.
type closing struct {
	reason    protocol.CloseReason // 0 while the session does not end
	peersCode uint16               // code of the peer's close frame, if that is the reason

	drainAt       clock.Monotonic // time at which a drain closes the socket; 0 without a drain
	drainDeadline clock.Monotonic // pending events are written until then, if a drain has closed it
}

// allowsEvents reports whether events may be written at now.
func (c *closing) allowsEvents(now func() clock.Monotonic) bool {
	return c.reason == 0 || c.reason.IsDrain() && now() < c.drainDeadline
}

// close begins the close handshake, unless it has begun: the writer writes what is
// queued, then a close frame. It does not block.
func (s *session) close(reason protocol.CloseReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLocked(reason)
}

func (s *session) closeLocked(reason protocol.CloseReason) {
	if s.closing.reason == 0 {
		s.closing.reason = reason
		s.startWriterLocked()
	}
}

// closeAndWait closes the session and returns when the close frame is written, or never
// will be.
func (s *session) closeAndWait(reason protocol.CloseReason) {
	s.mu.Lock()
	s.closeLocked(reason)
	written := s.out.whenWritten()
	s.mu.Unlock()
	<-written
}

// closeWithPeersCode is closeAndWait after a close frame of the peer with this code.
func (s *session) closeWithPeersCode(code uint16) {
	s.mu.Lock()
	s.closing.peersCode = code
	s.mu.Unlock()
	s.closeAndWait(protocol.ClosedByPeer)
}
