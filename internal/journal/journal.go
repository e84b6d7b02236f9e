// Package journal holds the recent window of the stream in memory: the check of every
// message (the checksum index) and the events of each user (the logs). One goroutine
// appends; any number of goroutines read through cursors and never delay it.
package journal

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal/internal/ring"
)

// Config bounds the window. Zero values mean the defaults.
type Config struct {
	// TTL is how long a message is kept, 15 minutes by default.
	TTL time.Duration
	// Size is the most entries of a user's log, 1000 by default.
	Size int
	// Memory is the most memory of the window in bytes, 256 MiB by default. One
	// user's log may take a 64th of it.
	Memory int64
}

// logShare is the part of Memory that one user's log may take.
const logShare = 64

// bound is a number of entries and their bytes.
type bound struct{ entries, bytes int64 }

// Message is one message of the stream, decoded.
type Message struct {
	Position
	// Lost reports that messages between the last one appended and this one were
	// never read. A jump of offsets does not show it: a stream has offsets without
	// a message.
	Lost bool
	// At is the time when this node read it from the broker, Unix ms.
	At int64
	// Micros is the part of that time below a millisecond, in µs.
	Micros uint16
	// MoreBuffered reports that another message has come and will be appended at
	// once: cursors woken within 5 ms are then woken once for several messages.
	// After the last one the caller calls EndBatch.
	MoreBuffered bool
	// Events are of different users. Append copies their Message.
	Events []event.Event
	// Gap is the text of a gap that all users are notified of, nil for none. It
	// precedes the events. Append keeps it.
	Gap []byte
}

// Journal is the window. Its methods are safe for concurrent use, except Append, Truncate
// and EndBatch: they are for one goroutine, which decides the order.
type Journal struct {
	cfg     Config        // fixed at construction
	quarter bound         // a quarter of the bound of a log; fixed at construction
	seed    maphash.Seed  // fixed at construction
	shards  [shards]shard // each with its mutex, locked after mu

	mu sync.Mutex
	// Guarded by mu.
	index        index
	oldest       oldest
	gaps         ring.Ring[gap] // gaps of all users
	entries      int            // number of entries in the logs
	bytes        int64          // estimated memory of the logs
	evicted      uint64         // entries dropped by Size or Memory since the start
	completeFrom uint64         // offset from which on nothing is missing, except by the bound of a log

	announced atomic.Uint64 // number of the next gap; changes under mu

	// Owned by the goroutine that appends.
	texts [][]byte  // copies of the messages of the events being appended
	wake  []*Cursor // cursors that read the message being appended
	late  lateCursors
}

// New returns an empty journal.
func New(cfg Config) *Journal {
	cfg.TTL = cmp.Or(cfg.TTL, 15*time.Minute)
	cfg.Size = cmp.Or(cfg.Size, 1000)
	cfg.Memory = cmp.Or(cfg.Memory, 256<<20)
	j := &Journal{
		cfg:     cfg,
		quarter: bound{entries: int64(cfg.Size / 4), bytes: cfg.Memory / logShare / 4},
		seed:    maphash.MakeSeed(),
	}
	for i := range j.shards {
		j.shards[i].journal, j.shards[i].logs = j, make(map[event.UID]*userLog)
	}
	return j
}

// Append adds the stream's next message, wakes the cursors that read it and drops
// what exceeds the bounds. It reports false, and adds nothing, if the message is at or
// before the last one. After lost messages the window begins anew: no earlier position
// is held any more.
func (j *Journal) Append(m Message) bool {
	j.texts = j.texts[:0]
	for i := range m.Events {
		j.texts = append(j.texts, bytes.Clone(m.Events[i].Message))
	}
	added := j.append(&m)
	clear(j.texts)
	switch {
	case added:
		j.wakeCursors(&m)
	case !m.MoreBuffered:
		j.EndBatch()
	}
	return added
}

func (j *Journal) append(m *Message) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	last, ok := j.index.last()
	if ok && m.Offset <= last.Offset {
		return false
	}
	if m.Lost {
		j.index = index{}
	}
	j.index.push(m.Position, m.At)
	j.wake = j.wake[:0]
	if m.Gap != nil {
		j.announceLocked(m, last)
	}
	for i := range m.Events {
		j.addLocked(m, &m.Events[i], j.texts[i])
	}
	j.trimLocked(m.At)
	return true
}

func (j *Journal) addLocked(m *Message, e *event.Event, text []byte) {
	s := j.shard(e.UID)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.openLocked(e.UID)
	before, known := l.bytes, l.entries.Len() > 0
	entry := Entry{Offset: m.Offset, Check: m.Check, At: m.At, Micros: m.Micros, Message: text, Kind: e.Kind}
	for l.entries.Len() == j.cfg.Size || (l.entries.Len() > 0 && l.bytes+entry.cost() > j.cfg.Memory/logShare) {
		l.completeFrom = l.drop().Offset + 1
		j.entries--
		j.evicted++
	}
	l.add(entry)
	j.entries++
	j.bytes += l.bytes - before
	if !known {
		j.oldest.push(l)
	}
	for c := l.cursors; c != nil; c = c.sibling {
		if c.notifyLocked(len(text), j.quarter) {
			j.wake = append(j.wake, c)
		}
	}
}

// maxGaps is the most gaps of all users that are kept.
const maxGaps = 1024

// gap is an announcement to all users.
type gap struct {
	Entry
	// before is the offset of the message whose events the gap precedes. A client
	// that resumes after an earlier message has not seen the gap.
	before uint64
}

// announceLocked adds the gap of m, which follows the message at last. The gap's
// position is that of m if m has no events: otherwise a client that has seen the gap
// has not seen m.
func (j *Journal) announceLocked(m *Message, last Position) {
	if j.gaps.Len() == maxGaps {
		j.completeFrom = max(j.completeFrom, j.gaps.Pop().before+1)
	}
	at := m.Position
	if len(m.Events) > 0 {
		at = last
	}
	e := Entry{Offset: at.Offset, Check: at.Check, At: m.At, Message: m.Gap, Kind: event.Announcement}
	j.gaps.Push(gap{Entry: e, before: m.Offset})
	j.announced.Store(j.gaps.Next())
	for i := range j.shards {
		j.wake = j.shards[i].appendCursors(j.wake)
	}
}

// trimLocked drops what is older than TTL at now, in Unix ms, then the oldest entries
// of all users until Memory suffices. The index must not be empty.
func (j *Journal) trimLocked(now int64) {
	before := now - j.cfg.TTL.Milliseconds()
	for j.gaps.Len() > 0 && j.gaps.Oldest().At < before {
		j.completeFrom = max(j.completeFrom, j.gaps.Pop().before+1)
	}
	for end := uint64(0); ; { // end of the last message dropped; all entries of a message are dropped
		j.index.trim(before, j.completeFrom)
		j.completeFrom = max(j.completeFrom, j.index.segments[0].offset)
		l := j.oldest.log()
		over := j.bytes+j.index.bytes() > j.cfg.Memory
		switch {
		case l != nil && l.entries.Oldest().At < before:
			j.dropLocked(l)
		case l != nil && (l.entries.Oldest().Offset < end || over && !j.index.older(l.entries.Oldest().Offset)):
			end = j.dropLocked(l) + 1
			j.evicted++
		case over && len(j.index.segments) > 1:
			j.index.drop()
		default:
			return
		}
	}
}

// dropLocked drops a log's oldest entry and returns its offset.
func (j *Journal) dropLocked(l *userLog) uint64 {
	s := l.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	before := l.bytes
	e := l.drop()
	j.bytes += l.bytes - before
	j.entries--
	s.removeIdleLocked(l)
	j.completeFrom = max(j.completeFrom, e.Offset+1)
	return e.Offset
}

// TTL returns how long a message is kept.
func (j *Journal) TTL() time.Duration { return j.cfg.TTL }

// Last returns the position of the newest message, and reports whether there is one.
func (j *Journal) Last() (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.last()
}

// First returns the position of the oldest message held, and reports whether there is
// one.
func (j *Journal) First() (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.first()
}

// Next returns the position of the oldest message after the offset, and reports
// whether there is one.
func (j *Journal) Next(offset uint64) (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.next(offset)
}

// Holds reports whether the window has the message at p, with the same check.
func (j *Journal) Holds(p Position) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.holds(p)
}
