package hub

import (
	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
)

// closing is how a session ends. It is guarded by the session's mu.
type closing struct {
	reason protocol.CloseReason // 0 while the session does not end
	code   uint16               // code of the close frame

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
	s.closeLocked(reason, uint16(reason))
}

// closeLocked is close with the given code in the close frame.
func (s *session) closeLocked(reason protocol.CloseReason, code uint16) {
	if s.closing.reason == 0 {
		s.closing.reason, s.closing.code = reason, code
		s.startWriterLocked()
	}
}

// closeAndWait closes the session and returns when the close frame is written, or never
// will be.
func (s *session) closeAndWait(reason protocol.CloseReason, code uint16) {
	s.mu.Lock()
	s.closeLocked(reason, code)
	written := s.out.whenWritten()
	s.mu.Unlock()
	<-written
}
