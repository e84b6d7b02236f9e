package journal

import (
	"time"

	"ranger/internal/event"
	"ranger/internal/journal/internal/ring"
)

// Entry is one event of one user's log, or a gap between events. Entries are in the
// order of the stream.
type Entry struct {
	// Offset is the stream offset of its message.
	Offset uint64
	// At is the time when this node read it from the broker, Unix ms.
	At int64
	// Message is the text of the socket message. It must not be changed.
	Message []byte
	// Check is the check of its message.
	Check uint32
	// Micros is the part of the time below a millisecond, in µs.
	Micros uint16
	// Kind is the kind of event, or event.Announcement for a gap.
	Kind event.Kind
}

// Taken returns the time when this node read it from the broker, to the µs.
func (e *Entry) Taken() time.Time { return time.UnixMicro(e.At*1000 + int64(e.Micros)) }

// Position returns the position of its message.
func (e *Entry) Position() Position { return Position{Offset: e.Offset, Check: e.Check} }

// Estimated memory of the logs in bytes, without the texts of messages.
const (
	// entryCost is the slot of an entry in the log's ring, and half a free one.
	entryCost = 72
	// logCost is a log with entries, without its uid: the log, its slot in the map,
	// its place in the heap of the oldest.
	logCost = 192
)

func (e *Entry) cost() int64 { return int64(cap(e.Message)) + entryCost }

// userLog holds the events of one user and the cursors that read them. It is guarded
// by its shard's mu. Everything except cursors changes only with Journal.mu locked as
// well, so either mutex suffices to read it.
type userLog struct {
	uid     event.UID // fixed at construction
	shard   *shard    // fixed at construction
	entries ring.Ring[Entry]
	bytes   int64   // estimated memory; 0 without entries
	cursors *Cursor // the newest; each has the next one as its sibling

	completeFrom uint64 // offset from which on the bound of this log has dropped nothing
}

func (l *userLog) addCursor(c *Cursor) { c.sibling, l.cursors = l.cursors, c }

// removeCursor removes c and reports whether it was there.
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
	if l.entries.Len() == 0 {
		l.bytes = logCost + int64(len(l.uid))
	}
	l.bytes += e.cost()
	l.entries.Push(e)
}

// drop drops the oldest entry and returns it.
func (l *userLog) drop() Entry {
	e := l.entries.Pop()
	l.subtract(e)
	return e
}

// truncate drops the entries from an offset on and returns how many it dropped. It
// moves the cursors back to the entries and gaps that are left.
func (l *userLog) truncate(offset uint64, gaps gapNumbers) (dropped int) {
	end := l.entries.Next()
	for l.entries.Len() > 0 && l.entries.Newest().Offset >= offset {
		l.subtract(l.entries.PopNewest())
		dropped++
	}
	l.completeFrom = min(l.completeFrom, offset)
	for c := l.cursors; c != nil; c = c.sibling {
		c.truncations++
		c.behind = c.behind || dropped > 0 && c.next < end || c.withGaps && gaps.after < gaps.before && c.nextGap < gaps.before
		c.next, c.nextGap = min(c.next, l.entries.Next()), min(c.nextGap, gaps.after)
	}
	return dropped
}

func (l *userLog) subtract(e Entry) {
	l.bytes -= e.cost()
	if l.entries.Len() == 0 {
		l.bytes = 0
	}
}

// idle reports whether the log can be removed without loss.
func (l *userLog) idle() bool { return l.entries.Len() == 0 && l.cursors == nil }
