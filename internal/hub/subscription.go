package hub

import (
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
	"ranger/internal/journal"
)

// subscription is what a session's client asked for beyond the plain protocol: which
// events it is sent, and what with each. A session of a client that asked for nothing
// has none, the nil subscription.
type subscription struct {
	// Fixed at construction.
	journal *journal.Journal
	cursor  *journal.Cursor
	optIn   bool // the client opted in: it asked to resume (docs/protocol.md, "Resuming")
	filter  protocol.Filter
	until   journal.Position // of the last message that is replayed

	// Owned by the writer.
	replaying     bool   // no heartbeat was written yet after the replay
	heartbeatOwed bool   // a heartbeat must follow all pending entries
	lookedBack    bool   // the next three are known
	hasLast       bool   // the window had an event that passes
	last          uint64 // its offset
	lastAt        int64  // its At
	truncations   uint64 // of the cursor, when the above was true

	// Guarded by the session's mu.
	heartbeatAt  clock.Monotonic // time of the next heartbeat
	heartbeatDue bool            // that time has come
	warned       bool            // the client was notified that its token expires soon
}

// optedIn reports whether the client opted in. It may be called on nil.
func (s *subscription) optedIn() bool { return s != nil && s.optIn }

// read is Cursor.Read. It also notices that the window was truncated: then what was known
// of earlier events is void, and a replay ends.
func (s *subscription) read(dst []journal.Entry) (int, error) {
	before := s.cursor.Truncations()
	n, err := s.cursor.Read(dst)
	if s.cursor.Truncations() != s.truncations {
		s.lookedBack = false
		if s.replaying {
			s.replaying, s.heartbeatOwed = false, true
		}
	}
	s.truncations = before // one in between is noticed once more
	return n, err
}

// appendEntry appends what the socket is sent of an entry, and reports whether that is an
// event.
func (s *subscription) appendEntry(dst []byte, e *journal.Entry) ([]byte, bool) {
	if s.optedIn() && s.replaying && e.Offset > s.until.Offset {
		dst = s.endReplay(dst)
	}
	switch {
	case e.Kind == event.Announcement:
		if s.optedIn() {
			dst = protocol.AppendGap(dst, e.Message, e.Position())
		}
		return dst, false
	case s == nil:
		return protocol.AppendFrame(dst, websocket.TextMessage, e.Message), true
	case !s.filter.Passes(e.Kind, e.Message):
		return dst, false
	case !s.optIn:
		return protocol.AppendFrame(dst, websocket.TextMessage, e.Message), true
	default:
		return s.appendEvent(dst, e), true
	}
}

func (s *subscription) appendEvent(dst []byte, e *journal.Entry) []byte {
	s.lookBack(e.Offset)
	dst = protocol.AppendEvent(dst, e.Message, &protocol.EventFields{
		Position: e.Position(), Prev: s.last, HasPrev: s.hasLast && s.inWindow(e.At), At: e.At, Replay: s.replaying,
	})
	s.hasLast, s.last, s.lastAt = true, e.Offset, e.At
	return dst
}

// endReplay appends the heartbeat between a replay and live events.
func (s *subscription) endReplay(dst []byte) []byte {
	s.replaying, s.heartbeatOwed = false, false
	return s.appendHeartbeatAt(dst, s.until)
}

// appendHeartbeat appends the heartbeat after all entries, if one is owed. If more entries
// have come meanwhile it stays owed, and the writer comes back.
func (s *subscription) appendHeartbeat(dst []byte) []byte {
	switch {
	case !s.optedIn():
		return dst
	case s.replaying:
		return s.endReplay(dst)
	case !s.heartbeatOwed:
		return dst
	}
	if p, ok := s.cursor.Reached(); ok && s.cursor.Truncations() == s.truncations {
		s.heartbeatOwed = false
		return s.appendHeartbeatAt(dst, p)
	}
	if _, ok := s.journal.Last(); !ok {
		s.heartbeatOwed = false // there is no position yet
	}
	return dst
}

// appendHeartbeatAt appends the heartbeat that says that p was reached.
func (s *subscription) appendHeartbeatAt(dst []byte, p journal.Position) []byte {
	now := time.Now().UnixMilli()
	s.lookBack(p.Offset + 1)
	return protocol.AppendHeartbeat(dst, protocol.HeartbeatFields{
		Position: p, Last: s.last, HasLast: s.hasLast && s.inWindow(now), At: now,
	})
}

// isHeartbeatDue reports whether the time of the next heartbeat has come. If so, it notes
// that for the writer. It is called with the session's mu held.
func (s *subscription) isHeartbeatDue(now clock.Monotonic, interval time.Duration) bool {
	if now < s.heartbeatAt {
		return false
	}
	s.heartbeatAt, s.heartbeatDue = now.Add(interval), true
	return true
}

// takeHeartbeat reports whether a heartbeat is owed. The writer calls it, with the
// session's mu held.
func (s *subscription) takeHeartbeat() bool {
	if !s.optedIn() {
		return false
	}
	s.heartbeatOwed = s.heartbeatOwed || s.heartbeatDue
	s.heartbeatDue = false
	return s.heartbeatOwed
}

// inWindow reports whether the last event is in the window at a time in Unix ms: a node
// that has just started would not know it otherwise.
func (s *subscription) inWindow(now int64) bool {
	return now-s.lastAt <= s.journal.TTL().Milliseconds()
}

// lookBack finds the last event before an offset that the socket was sent, or would have
// been. Afterwards the writer keeps it up to date.
func (s *subscription) lookBack(before uint64) {
	if s.lookedBack {
		return
	}
	e, ok := s.cursor.Before(func(e *journal.Entry) bool {
		return e.Offset < before && s.filter.Passes(e.Kind, e.Message)
	})
	s.lookedBack, s.hasLast, s.last, s.lastAt = true, ok, e.Offset, e.At
}
