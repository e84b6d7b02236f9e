// Package dedup recognises messages that a publisher has sent again, by their
// message_id. Its time is that of the markers in the stream, so that all nodes
// decide alike, whenever they began to read.
package dedup

import (
	"hash/maphash"
	"time"
)

// Window is how long a message_id is remembered, in the stream's time.
const Window = windowMillis * time.Millisecond

const windowMillis = 60_000

// Max is how many messages a Filter remembers by default.
const Max = 1 << 21

// Filter remembers the message_ids of recent messages. A duplicate is remembered
// like any message. It is for one goroutine.
type Filter struct {
	seeds [2]maphash.Seed // fixed at construction
	max   int             // how many messages are remembered; fixed at construction
	known map[key]uint64  // number of the newest message with the key
	queue []entry         // oldest first, from head on
	head  int
	first uint64 // number of queue[0]

	clock  clock
	now    int64 // the stream's time, Unix ms; 0 before the first marker
	latest int64 // At of the newest marker, Unix ms; 0 before the first
}

// key is a hash of exchange and message_id. Two of them collide with a probability
// of 2^-128.
type key [2]uint64

type entry struct {
	key key
	at  int64 // stream's time when it was read, Unix ms; 0 before the first marker
}

// New returns a Filter that remembers up to maxMessages messages.
func New(maxMessages int) *Filter {
	return &Filter{
		max:   maxMessages,
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		known: make(map[key]uint64),
	}
}

// Duplicate remembers a message, and reports whether one with the same message_id
// came through the same exchange within Window. A message without an id is never a
// duplicate.
func (f *Filter) Duplicate(exchange, id []byte) bool {
	if len(id) == 0 {
		return false
	}
	k := key{f.sum(0, exchange, id), f.sum(1, exchange, id)}
	_, duplicate := f.known[k]
	f.known[k] = f.first + uint64(len(f.queue))
	f.queue = append(f.queue, entry{k, f.now})
	if len(f.queue)-f.head > f.max {
		f.forgetOldest()
	}
	return duplicate
}

func (f *Filter) sum(seed int, exchange, id []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(f.seeds[seed])
	_, _ = h.Write(exchange)
	_ = h.WriteByte(0) // in no exchange's name
	_, _ = h.Write(id)
	return h.Sum64()
}

// Undo forgets the newest message, which Duplicate has just remembered under this
// id and found to be no duplicate.
func (f *Filter) Undo(id []byte) {
	if len(id) == 0 {
		return
	}
	newest := len(f.queue) - 1
	delete(f.known, f.queue[newest].key)
	f.queue = f.queue[:newest]
}

// Observe moves the stream's time to what a marker says, and forgets messages older
// than Window. If the time goes back, because a clock that was ahead no longer
// counts, it forgets all messages: their age is not known.
func (f *Filter) Observe(o Observation) {
	now := f.clock.observe(o)
	if f.now == 0 {
		for i := range f.queue {
			f.queue[i].at = now // they came before the first marker
		}
	}
	back := now < f.now
	f.now, f.latest = now, o.At
	for f.head < len(f.queue) && (back || now-f.queue[f.head].at > windowMillis) {
		f.forgetOldest()
	}
}

// Latest returns when the newest marker was written, by its node's clock, Unix ms;
// 0 if none was read.
func (f *Filter) Latest() int64 { return f.latest }

// Skew returns a marker that proves that its node's clock is behind that of o's
// node by more than Window, and whether there is one. Call it before Observe(o).
func (f *Filter) Skew(o Observation) (behind Observation, ok bool) { return f.clock.skew(o) }

// forgetOldest forgets the oldest message, and its key unless a newer message has
// it.
func (f *Filter) forgetOldest() {
	k := f.queue[f.head].key
	if f.known[k] == f.first+uint64(f.head) { //nolint:gosec // never negative
		delete(f.known, k)
	}
	f.head++
	if f.head > len(f.queue)/2 {
		f.first += uint64(f.head) //nolint:gosec // never negative
		f.queue = append([]entry(nil), f.queue[f.head:]...)
		f.head = 0
	}
}
