// Package journal holds the recent window of the stream in memory: the check of
// every message (the spine) and, per user, the events (the logs). One goroutine
// appends; any number read through cursors and never hold it up.
package journal

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"ranger/internal/event"
)

// Config bounds the window. Zero values stand for the defaults.
type Config struct {
	// TTL is how long a message stays, 15 minutes by default.
	TTL time.Duration
	// Size is how many entries a user's log holds, 1000 by default.
	Size int
	// Memory is what the window may take in bytes, 256 MiB by default; one user's
	// log may take a 64th of it.
	Memory int64
}

// Message is one message of the stream and what became of it.
type Message struct {
	Position
	// Lost says that messages between the last one appended and this one were
	// never read. A jump of offsets alone says nothing: a stream has offsets that
	// are no messages.
	Lost bool
	// At is when this node took it from the broker, Unix ms.
	At int64
	// Micros is by how many microseconds, below 1000, that was after At.
	Micros uint16
	// More says that another message is at hand and will be appended at once: then
	// users who were woken a moment ago are woken for both. Where none is, Pause must
	// be called.
	More bool
	// Paced says that Flush is called within Rest of when there is somebody Resting:
	// then users to whom very many events come, some 750 a second, are woken by
	// that alone, for all that came meanwhile.
	Paced bool
	// Events are for different users each. Append copies their Message.
	Events []event.Event
	// Gap is the text of an announcement to everybody, nil for none. It stands
	// before the events. Append keeps it.
	Gap []byte
}

// Journal is the window. All methods are safe for concurrent use, but Append
// and Cut are for one goroutine, which alone decides the order.
type Journal struct {
	cfg    Config        // fixed at construction
	seed   maphash.Seed  // fixed at construction
	shards [shards]shard // each with a lock of its own, taken after mu

	mu      sync.Mutex
	spine   spine     // guarded by mu
	oldest  oldest    // guarded by mu
	gaps    ring[gap] // guarded by mu: what was announced to everybody
	entries int       // guarded by mu: number of the entries held in logs
	bytes   int64     // guarded by mu: sum of the logs' bytes
	evicted uint64    // guarded by mu: entries dropped by Size or Memory, ever
	floor   uint64    // guarded by mu: offset from which on nothing is missing, but by a log's own bound

	announced atomic.Uint64 // number of the next gap; changes under mu

	// Owned by the goroutine that appends.
	texts [][]byte  // copies of the messages of what is being appended
	wake  []*Cursor // whom to tell of it
	later later
}

// New returns an empty journal.
func New(cfg Config) *Journal {
	cfg.TTL = cmp.Or(cfg.TTL, 15*time.Minute)
	cfg.Size = cmp.Or(cfg.Size, 1000)
	cfg.Memory = cmp.Or(cfg.Memory, 256<<20)
	j := &Journal{cfg: cfg, seed: maphash.MakeSeed(), later: later{few: fewFor(runtime.GOMAXPROCS(0))}}
	for i := range j.shards {
		j.shards[i].journal, j.shards[i].logs = j, make(map[event.UID]*userLog)
	}
	return j
}

// Append adds the stream's next message, wakes the sessions of its users and
// drops what is over the bounds. A message at or before the last one is not
// added again: then it returns false. One before which messages were lost begins
// the window anew: no position before it holds any more.
func (j *Journal) Append(m Message) bool {
	j.texts = j.texts[:0]
	for i := range m.Events {
		j.texts = append(j.texts, bytes.Clone(m.Events[i].Message))
	}
	added := j.append(&m)
	clear(j.texts)
	switch {
	case added:
		j.tell(&m)
	case !m.More:
		j.Pause()
	}
	return added
}

func (j *Journal) append(m *Message) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	last, ok := j.spine.last()
	if ok && m.Offset <= last.Offset {
		return false
	}
	if m.Lost {
		j.spine = spine{}
	}
	j.spine.push(m.Position, m.At)
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
	before, known := l.bytes, l.entries.len() > 0
	entry := Entry{Offset: m.Offset, Check: m.Check, At: m.At, Micros: m.Micros, Message: text, Kind: e.Kind}
	for l.entries.len() == j.cfg.Size || (l.entries.len() > 0 && l.bytes+entry.cost() > j.cfg.Memory/64) {
		l.since = l.drop().Offset + 1
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
		j.wake = append(j.wake, c)
	}
}

// maxGaps is how many announcements to everybody are held.
const maxGaps = 1024

// gap is an announcement to everybody.
type gap struct {
	Entry
	// stands is the offset of the message whose events it stands before. To whom
	// it is told behind the message before that it was not told yet.
	stands uint64
}

// announceLocked adds the gap of m, which follows the message at last. Its
// position is m's own, if that has no events: else who has read the gap has not
// read m.
func (j *Journal) announceLocked(m *Message, last Position) {
	if j.gaps.len() == maxGaps {
		j.floor = max(j.floor, j.gaps.pop().stands+1)
	}
	at := m.Position
	if len(m.Events) > 0 {
		at = last
	}
	e := Entry{Offset: at.Offset, Check: at.Check, At: m.At, Message: m.Gap, Kind: event.Announcement}
	j.gaps.push(gap{Entry: e, stands: m.Offset})
	j.announced.Store(j.gaps.next)
	for i := range j.shards {
		j.wake = j.shards[i].appendCursors(j.wake)
	}
}

// trimLocked drops what is older than TTL at now (Unix ms), then the oldest of
// all users alike until Memory suffices. The spine must not be empty.
func (j *Journal) trimLocked(now int64) {
	before := now - j.cfg.TTL.Milliseconds()
	for j.gaps.len() > 0 && j.gaps.oldest().At < before {
		j.floor = max(j.floor, j.gaps.pop().stands+1)
	}
	for end := uint64(0); ; { // of the last message dropped, which goes as a whole
		j.spine.trim(before, j.floor)
		j.floor = max(j.floor, j.spine.segments[0].offset)
		l := j.oldest.log()
		over := j.bytes+j.spine.bytes() > j.cfg.Memory
		switch {
		case l != nil && l.entries.oldest().At < before:
			j.dropLocked(l)
		case l != nil && (l.entries.oldest().Offset < end || over && !j.spine.older(l.entries.oldest().Offset)):
			end = j.dropLocked(l) + 1
			j.evicted++
		case over && len(j.spine.segments) > 1:
			j.spine.drop()
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
	s.forgetLocked(l)
	j.floor = max(j.floor, e.Offset+1)
	return e.Offset
}

// TTL returns how long a message stays.
func (j *Journal) TTL() time.Duration { return j.cfg.TTL }

// Last returns the position of the newest message, and whether there is one.
func (j *Journal) Last() (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spine.last()
}

// First returns the position of the oldest message held, and whether there is
// one.
func (j *Journal) First() (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spine.first()
}

// Holds tells whether the message at p is in the window and is the one that p
// was taken from.
func (j *Journal) Holds(p Position) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spine.holds(p)
}
