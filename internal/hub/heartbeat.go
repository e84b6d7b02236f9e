package hub

import (
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/journal"
)

// endReplay appends the heartbeat that stands between a replay and what comes
// live.
func (f *feed) endReplay(buf []byte) []byte {
	f.replaying, f.owed = false, false
	return f.appendHeartbeat(buf, f.until)
}

// appendBeat appends the heartbeat that stands behind all entries there were, if
// one does. Where more entries have come meanwhile it is owed still, and the
// writer comes back.
func (f *feed) appendBeat(buf []byte) []byte {
	switch {
	case !f.optedIn():
		return buf
	case f.replaying:
		return f.endReplay(buf)
	case !f.owed:
		return buf
	}
	if p, ok := f.cursor.Reached(); ok && f.cursor.Truncations() == f.cuts {
		f.owed = false
		return f.appendHeartbeat(buf, p)
	}
	if _, ok := f.journal.Last(); !ok {
		f.owed = false // there is no position to tell yet
	}
	return buf
}

// appendHeartbeat appends the frame that says that p was reached.
func (f *feed) appendHeartbeat(buf []byte, p journal.Position) []byte {
	now := time.Now().UnixMilli()
	f.lookBack(p.Offset + 1)
	var room [suffixRoom]byte
	b := append(room[:0], `{"heartbeat":{`...)
	if f.has && f.within(now) {
		b = append(strconv.AppendUint(append(b, `"last":`...), f.last, 10), ',')
	}
	b = p.Append(append(b, `"position":"`...))
	b = strconv.AppendInt(append(b, `","at":`...), now, 10)
	return appendFrame(buf, websocket.TextMessage, append(b, "}}"...))
}

// beatLocked has the writer send a heartbeat when it is time.
func (s *session) beatLocked(now instant) {
	f := s.feed
	if now >= f.beatAt {
		f.beatAt, f.due = now.add(s.hub.cfg.HeartbeatInterval), true
		s.startWriterLocked()
	}
}

// takeBeatLocked tells the writer, which calls it, whether to write a heartbeat.
func (s *session) takeBeatLocked() bool {
	f := s.feed
	if !f.optedIn() {
		return false
	}
	f.owed = f.owed || f.due
	f.due = false
	return f.owed
}
