package hub

import (
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
)

// timers are the times at which a session must act without being called. The hub checks
// them once a second.
type timers struct {
	due atomic.Int64 // monotonic time at which tick has something to do next

	// Guarded by the session's mu.
	authAt clock.Monotonic // deadline of the first valid token; clock.Never while one is verified
	pingAt clock.Monotonic // time of the next ping
}

// tokenWarning is the time before the expiry of its token at which a client is notified.
const tokenWarning = time.Minute

// tick acts on the timers that have passed at now. It runs on the sweep's goroutine.
func (s *session) tick(now time.Time) {
	if s.isSilent(now) {
		s.drop()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, cfg := s.hub.clock.At(now), &s.hub.cfg
	if s.closing.reason != 0 {
		s.timers.due.Store(int64(at.Add(cfg.PingInterval)))
		return
	}
	if at >= s.timers.pingAt {
		s.timers.pingAt = at.Add(cfg.PingInterval)
		s.queueLocked(websocket.PingMessage, nil)
	}
	switch {
	case s.uid == "":
		if at >= s.timers.authAt {
			s.closeLocked(protocol.AuthTimeout)
		}
	case s.expires.After(now) <= 0:
		s.closeLocked(protocol.TokenExpired)
	case s.sub.optedIn():
		if s.sub.isHeartbeatDue(at, cfg.HeartbeatInterval) {
			s.startWriterLocked()
		}
		s.warnLocked(now)
	}
	s.rearmLocked(now)
}

// isSilent reports whether the peer has sent nothing for two ping intervals. While its
// token is verified nothing is read, so it does not count.
func (s *session) isSilent(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.timers.authAt != clock.Never && s.hub.clock.At(now) >= s.conn.silentAt()
}

// warnLocked notifies a client that opted in, once for each expiry, that its token expires
// soon.
func (s *session) warnLocked(now time.Time) {
	left := s.expires.After(now)
	if sub := s.sub; sub.optedIn() && !sub.warned && left <= tokenWarning && left > 0 {
		sub.warned = true
		s.queueLocked(websocket.TextMessage, protocol.TokenExpiresIn(left))
	}
}

// rearmLocked sets when tick has something to do next.
func (s *session) rearmLocked(now time.Time) {
	at := s.hub.clock.At(now)
	due := min(s.timers.pingAt, s.conn.silentAt())
	if s.uid == "" {
		due = min(due, s.timers.authAt)
	} else {
		due = min(due, at.Add(s.expires.After(now)))
	}
	if sub := s.sub; sub.optedIn() {
		due = min(due, sub.heartbeatAt)
		if !sub.warned {
			due = min(due, at.Add(s.expires.After(now)-tokenWarning))
		}
	}
	s.timers.due.Store(int64(due))
}
