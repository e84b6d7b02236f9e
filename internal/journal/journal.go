// Package journal holds the recent window of the stream in memory: the check of
// every message (the spine) and, per user, the events (the logs). One goroutine
// appends; any number read through cursors and never hold it up.
package journal

import (
	"cmp"
	"hash/maphash"
	"sync"
	"time"

	"ranger/internal/event"
)

// Config bounds the window. Zero values stand for the defaults.
type Config struct {
	// TTL is how long a message stays, 15 minutes by default.
	TTL time.Duration
	// Size is how many entries a user's log holds, 1000 by default.
	Size int
	// Memory is what all logs together may take in bytes, 256 MiB by default;
	// one user's log may take a 64th of it.
	Memory int64
}

// Message is one message of the stream and what became of it.
type Message struct {
	Position
	// Gap says that messages between the last one appended and this one were
	// never read. A jump of offsets alone says nothing: a stream has offsets that
	// are no messages.
	Gap bool
	// At is when this node took it from the broker, Unix ms.
	At int64
	// Events are for different users each. Append keeps their Message.
	Events []event.Event
}

// Journal is the window. All methods are safe for concurrent use, but Append
// and Reset are for one goroutine, which alone decides the order.
type Journal struct {
	cfg    Config        // fixed at construction
	seed   maphash.Seed  // fixed at construction
	shards [shards]shard // each with a lock of its own, taken after mu

	mu      sync.Mutex
	spine   spine       // guarded by mu
	queue   ring[place] // guarded by mu: every entry of every log, oldest first, and some already dropped
	entries int         // guarded by mu: number of the entries held
	bytes   int64       // guarded by mu: sum of their costs
	evicted uint64      // guarded by mu: entries dropped by Size or Memory, ever
	stream  uint64      // guarded by mu: how many streams there were before this one
	floor   uint64      // guarded by mu: offset from which on nothing is missing, but by Size

	wake []*Cursor // owned by the goroutine that appends
}

// New returns an empty journal.
func New(cfg Config) *Journal {
	cfg.TTL = cmp.Or(cfg.TTL, 15*time.Minute)
	cfg.Size = cmp.Or(cfg.Size, 1000)
	cfg.Memory = cmp.Or(cfg.Memory, 256<<20)
	j := &Journal{cfg: cfg, seed: maphash.MakeSeed()}
	for i := range j.shards {
		j.shards[i].logs = make(map[event.UID]*userLog)
	}
	return j
}

// Append adds the stream's next message, wakes the sessions of its users and
// drops what is over the bounds. A message at or before the last one is not
// added again: then it returns false. A gap begins the window anew: no position
// before it holds any more.
func (j *Journal) Append(m Message) bool {
	if !j.append(m) {
		return false
	}
	for i, c := range j.wake {
		c.waker.Wake()
		j.wake[i] = nil
	}
	return true
}

func (j *Journal) append(m Message) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if last, ok := j.spine.last(); ok && m.Offset <= last.Offset {
		return false
	}
	if m.Gap {
		j.spine = spine{}
	}
	j.spine.push(m.Position, m.At)
	j.wake = j.wake[:0]
	for _, e := range m.Events {
		j.addLocked(m, e)
	}
	j.trimLocked(m.At)
	return true
}

func (j *Journal) addLocked(m Message, e event.Event) {
	s := j.shard(e.UID)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.openLocked(e.UID)
	entry := Entry{Offset: m.Offset, At: m.At, Message: e.Message, Kind: e.Kind}
	number := l.add(entry)
	j.queue.push(place{at: m.At, stream: j.stream, offset: m.Offset, number: number, log: l, shard: s})
	j.entries++
	j.bytes += entry.cost()
	for l.entries.len() > j.cfg.Size || (l.bytes > j.cfg.Memory/64 && l.entries.len() > 1) {
		j.bytes -= l.drop()
		j.entries--
		j.evicted++
	}
	j.wake = append(j.wake, l.cursors...)
}

// trimLocked drops what is older than TTL at now (Unix ms), then the oldest of
// all users alike until Memory suffices. The spine must not be empty.
func (j *Journal) trimLocked(now int64) {
	before := now - j.cfg.TTL.Milliseconds()
	j.spine.trim(before)
	j.floor = max(j.floor, j.spine.segments[0].offset)
	for j.queue.len() > 0 {
		p := *j.queue.at(j.queue.first)
		old := p.at < before
		if !old && j.bytes <= j.cfg.Memory {
			break
		}
		j.queue.pop()
		if j.dropLocked(p) && !old {
			j.evicted++
		}
	}
	if j.queue.len() > 2*j.entries+spareQueue {
		j.tidyLocked()
	}
}

// spareQueue is how many places of dropped entries are no reason to tidy up.
const spareQueue = 1024

// tidyLocked takes out of the queue what logs have dropped by their own bound:
// else a busy user's places would pile up in it for a whole TTL.
func (j *Journal) tidyLocked() {
	var held ring[place]
	for n := j.queue.first; n != j.queue.next; n++ {
		if p := j.queue.at(n); p.held() {
			held.push(*p)
		}
	}
	j.queue = held
}

// dropLocked drops the entry at p, if its log's own bound has not done so yet.
func (j *Journal) dropLocked(p place) bool {
	p.shard.mu.Lock()
	defer p.shard.mu.Unlock()
	if !p.held() {
		return false
	}
	j.bytes -= p.log.drop()
	j.entries--
	p.shard.forgetLocked(p.log)
	if p.stream == j.stream {
		j.floor = max(j.floor, p.offset+1)
	}
	return true
}

// Reset empties the spine, because the stream that follows is another one: no
// position taken before holds any more. What the logs hold stays for the
// cursors that have not read it yet, until it is too old.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.spine = spine{}
	j.floor = 0
	j.stream++
}

// Last returns the position of the newest message, and whether there is one.
func (j *Journal) Last() (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spine.last()
}

// Holds tells whether the message at p is in the window and is the one that p
// was taken from.
func (j *Journal) Holds(p Position) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spine.holds(p)
}
