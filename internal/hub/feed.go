package hub

import (
	"strconv"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// feed is how a session's events differ from the plain protocol's: which of them it is
// sent, and what is said with each. A session that asks for nothing of this kind
// has none: the nil feed.
type feed struct {
	// Fixed at construction.
	journal *journal.Journal
	cursor  *journal.Cursor
	resume  bool // the client opted in
	filter  filter
	until   journal.Position // of the last message that is replayed

	// Owned by the writer.
	replaying bool   // the replay's end was not told
	owed      bool   // a heartbeat is to be written behind all that is there
	looked    bool   // the next three are known
	has       bool   // the window had an event that passes
	last      uint64 // its offset
	lastAt    int64  // its At
	cuts      uint64 // of the cursor, when the above was true

	// Guarded by the session's mu.
	beatAt instant // when the next heartbeat is due
	due    bool    // it is
	warned bool    // the client was told that its token ends
}

// optedIn tells whether the client knows part 2 of the protocol.
func (f *feed) optedIn() bool { return f != nil && f.resume }

// read copies entries as Cursor.Read does, and notices a cut of the window:
// then what was there before is not what it was.
func (f *feed) read(dst []journal.Entry) (int, error) {
	before := f.cursor.Truncations()
	n, err := f.cursor.Read(dst)
	if f.cursor.Truncations() != f.cuts {
		f.looked = false
		if f.replaying {
			f.replaying, f.owed = false, true
		}
	}
	f.cuts = before // a cut in between is noticed once more
	return n, err
}

// appendEntry appends what the socket is to be sent of an entry, and returns
// whether that is an event.
func (f *feed) appendEntry(buf []byte, e *journal.Entry) ([]byte, bool) {
	if f.optedIn() && f.replaying && e.Offset > f.until.Offset {
		buf = f.endReplay(buf)
	}
	switch {
	case e.Kind == event.Announcement:
		if f.optedIn() {
			buf = appendGap(buf, e)
		}
		return buf, false
	case f == nil:
		return appendFrame(buf, websocket.TextMessage, e.Message), true
	case !f.filter.passes(e):
		return buf, false
	case !f.resume:
		return appendFrame(buf, websocket.TextMessage, e.Message), true
	default:
		return f.appendEvent(buf, e), true
	}
}

// suffixRoom is enough for what appendEvent adds.
const suffixRoom = 128

// appendEvent appends an event with its position, the event before it, its time
// and whether it is a replay.
func (f *feed) appendEvent(buf []byte, e *journal.Entry) []byte {
	f.lookBack(e.Offset)
	var room [suffixRoom]byte
	b := appendPosition(room[:0], e.Position())
	if f.has && f.within(e.At) {
		b = strconv.AppendUint(append(b, `,"prev":`...), f.last, 10)
	}
	b = strconv.AppendInt(append(b, `,"at":`...), e.At, 10)
	if f.replaying {
		b = append(b, `,"replay":true`...)
	}
	b = append(b, '}')
	f.has, f.last, f.lastAt = true, e.Offset, e.At

	open := e.Message[:len(e.Message)-1] // {"trade":{…}
	buf = appendHead(buf, websocket.TextMessage, len(open)+len(b))
	return append(append(buf, open...), b...)
}

// appendGap appends an announcement with its position.
func appendGap(buf []byte, e *journal.Entry) []byte {
	var room [suffixRoom]byte
	b := append(appendPosition(room[:0], e.Position()), "}}"...)
	open := e.Message[:len(e.Message)-2] // {"gap":{…
	buf = appendHead(buf, websocket.TextMessage, len(open)+len(b))
	return append(append(buf, open...), b...)
}

// appendPosition appends a position to an object that has keys.
func appendPosition(dst []byte, p journal.Position) []byte {
	return append(p.Append(append(dst, `,"position":"`...)), '"')
}

// within tells whether the event before is in the window at a time (Unix ms): a
// node that has just begun would not know of it else.
func (f *feed) within(now int64) bool { return now-f.lastAt <= f.journal.TTL().Milliseconds() }

// lookBack finds the last event before an offset that the socket was sent, or
// would have been. Afterwards the writer keeps it up to date.
func (f *feed) lookBack(before uint64) {
	if f.looked {
		return
	}
	e, ok := f.cursor.Before(func(e *journal.Entry) bool { return e.Offset < before && f.filter.passes(e) })
	f.looked, f.has, f.last, f.lastAt = true, ok, e.Offset, e.At
}
