package journal

import (
	"time"

	"ranger/internal/event"
)

// Entry is one event of one user's log, or a gap that is told between them.
// Entries are in the order of the stream.
type Entry struct {
	// Offset is the number in the stream of the message that it came from.
	Offset uint64
	// At is when this node took it from the broker, Unix ms.
	At int64
	// Message is the text of the socket message. It must not be changed.
	Message []byte
	// Check is that of the message in the stream.
	Check uint32
	// Micros is by how many microseconds that was after At.
	Micros uint16
	Kind   event.Kind
}

// Taken returns when this node took it from the broker, to the microsecond.
func (e *Entry) Taken() time.Time { return time.UnixMicro(e.At*1000 + int64(e.Micros)) }

// Position returns where in the stream the entry stands.
func (e *Entry) Position() Position { return Position{Offset: e.Offset, Check: e.Check} }

// What the logs are reckoned to take in bytes beside the messages' texts.
const (
	// entryCost is an entry's: its slot in the log's ring, and half a free one.
	entryCost = 72
	// logCost is that of a log with entries, beside its user's uid: the log
	// itself, its slot in the map, its place among the oldest.
	logCost = 192
)

func (e *Entry) cost() int64 { return int64(cap(e.Message)) + entryCost }

// userLog holds the events of one user and the cursors that read them. Guarded
// by its shard's mu; all but cursors changes under Journal.mu as well, so that who
// holds either may look at it.
type userLog struct {
	uid     event.UID // fixed at construction
	shard   *shard    // fixed at construction
	entries ring[Entry]
	bytes   int64   // what the log is reckoned to take; 0 without entries
	since   uint64  // offset from which on the log has dropped nothing by its own bound
	cursors *Cursor // the newest; each has the next one as its sibling
}

func (l *userLog) addCursor(c *Cursor) { c.sibling, l.cursors = l.cursors, c }

// removeCursor takes c out and reports whether it was there.
func (l *userLog) removeCursor(c *Cursor) bool {
	for at := &l.cursors; *at != nil; at = &(*at).sibling {
		if *at == c {
			*at, c.sibling = c.sibling, nil
			return true
		}
	}
	return false
}

// add appends an entry.
func (l *userLog) add(e Entry) {
	if l.entries.len() == 0 {
		l.bytes = logCost + int64(len(l.uid))
	}
	l.bytes += e.cost()
	l.entries.push(e)
}

// drop drops the oldest entry and returns it.
func (l *userLog) drop() Entry {
	e := l.entries.pop()
	l.paid(e)
	return e
}

// cut drops the entries from an offset on, moves the cursors to what is left, of
// the gaps too, and returns how many it dropped.
func (l *userLog) cut(offset uint64, gaps cutGaps) (dropped int) {
	end := l.entries.next
	for l.entries.len() > 0 && l.entries.newest().Offset >= offset {
		l.paid(l.entries.popNewest())
		dropped++
	}
	l.since = min(l.since, offset)
	for c := l.cursors; c != nil; c = c.sibling {
		c.cuts++
		c.behind = c.behind || dropped > 0 && c.next < end || c.gaps && gaps.next < gaps.end && c.gap < gaps.end
		c.next, c.gap = min(c.next, l.entries.next), min(c.gap, gaps.next)
	}
	return dropped
}

func (l *userLog) paid(e Entry) {
	l.bytes -= e.cost()
	if l.entries.len() == 0 {
		l.bytes = 0
	}
}

// idle tells that nothing is lost when the log is forgotten.
func (l *userLog) idle() bool { return l.entries.len() == 0 && l.cursors == nil }
