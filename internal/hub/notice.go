package hub

import (
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// warning is how long before its token's expiry a client is told.
const warning = time.Minute

// warnLocked tells the client, once for each expiry, that its token ends soon.
func (s *session) warnLocked(now time.Time) {
	left := s.expires.until(now)
	if f := s.feed; f.optedIn() && !f.warned && left <= warning && left > 0 {
		f.warned = true
		seconds := int64((left + time.Second - 1) / time.Second)
		s.noticeLocked(`{"token":{"expires_in":`, seconds)
	}
}

// partLocked tells the client when a drain will close its socket, if one will.
func (s *session) partLocked(now instant) {
	if s.feed.optedIn() && s.partAt != 0 {
		s.noticeLocked(`{"reconnect":{"after_ms":`, max(0, now.until(s.partAt).Milliseconds()))
	}
}

// noticeLocked queues a message whose one number is its last value.
func (s *session) noticeLocked(text string, number int64) {
	b := strconv.AppendInt([]byte(text), number, 10)
	s.queueLocked(websocket.TextMessage, append(b, "}}"...))
}
