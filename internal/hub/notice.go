package hub

import (
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/protocol"
)

// warning is how long before its token expires a client is notified.
const warning = time.Minute

// warnLocked notifies the client, once for each expiry, that its token expires soon.
func (s *session) warnLocked(now time.Time) {
	left := s.expires.until(now)
	if sub := s.sub; sub.optedIn() && !sub.warned && left <= warning && left > 0 {
		sub.warned = true
		s.queueLocked(websocket.TextMessage, protocol.TokenExpiresIn(left))
	}
}

// partLocked notifies the client when a drain will close its socket, if one will.
func (s *session) partLocked(now instant) {
	if s.sub.optedIn() && s.partAt != 0 {
		s.queueLocked(websocket.TextMessage, protocol.ReconnectAfter(now.until(s.partAt)))
	}
}

// beatLocked has the writer send a heartbeat when it is time.
func (s *session) beatLocked(now instant) {
	if sub := s.sub; now >= sub.heartbeatAt {
		sub.heartbeatAt, sub.heartbeatDue = now.add(s.hub.cfg.HeartbeatInterval), true
		s.startWriterLocked()
	}
}

// takeBeatLocked reports to the writer, which calls it, whether a heartbeat is owed.
func (s *session) takeBeatLocked() bool {
	sub := s.sub
	if !sub.optedIn() {
		return false
	}
	sub.heartbeatOwed = sub.heartbeatOwed || sub.heartbeatDue
	sub.heartbeatDue = false
	return sub.heartbeatOwed
}
