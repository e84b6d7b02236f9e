package journal

import "ranger/internal/event"

// Entry is one event of one user's log. Entries of a user are in the order of
// the stream.
type Entry struct {
	// Offset is the event's number in the stream.
	Offset uint64
	// At is when this node took it from the broker, Unix ms.
	At int64
	// Message is the text of the socket message. It must not be changed.
	Message []byte
	Kind    event.Kind
}

// entryCost is what an entry is reckoned to take in bytes besides its message:
// its slot in the log's ring and in the queue of all entries, and that rings
// double when they grow.
const entryCost = 128

func (e *Entry) cost() int64 { return int64(len(e.Message)) + entryCost }

// userLog holds the events of one user and the cursors that read them. Guarded
// by its shard's mu; entries change under Journal.mu as well, so that who holds
// either may look at them.
type userLog struct {
	uid     event.UID
	entries ring[Entry]
	bytes   int64 // sum of the costs of the entries held
	cursors []*Cursor
}

// add appends an entry and returns its number.
func (l *userLog) add(e Entry) uint64 {
	l.bytes += e.cost()
	return l.entries.push(e)
}

// drop drops the oldest entry and returns what it cost.
func (l *userLog) drop() int64 {
	e := l.entries.pop()
	l.bytes -= e.cost()
	return e.cost()
}

// idle tells that nothing is lost when the log is forgotten.
func (l *userLog) idle() bool { return l.entries.len() == 0 && len(l.cursors) == 0 }

// place is where an entry stands.
type place struct {
	at     int64  // when it was read, Unix ms
	stream uint64 // how many streams there were before its own
	offset uint64
	number uint64 // in its user's log
	log    *userLog
	shard  *shard
}

// held tells whether the entry at p is still in its log. The caller holds
// Journal.mu.
func (p *place) held() bool { return p.number >= p.log.entries.first }
