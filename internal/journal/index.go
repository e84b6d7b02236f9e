package journal

import (
	"slices"
	"sort"
)

// index is the checksum index: the check of every message of the window, four bytes
// each, in segments that are dropped as a whole.
type index struct {
	segments []segment // oldest first; none is empty
	messages int       // in all of them
}

// segment is a run of messages with contiguous offsets.
type segment struct {
	offset uint64 // of checks[0]
	at     int64  // when checks[0] was read, Unix ms
	checks []uint32
}

// Estimated memory of the index in bytes.
const (
	messageCost = 4
	segmentCost = 128 // the slot, the same for a free one, and the spare room of checks
)

func (x *index) bytes() int64 {
	return messageCost*int64(x.messages) + segmentCost*int64(len(x.segments))
}

// A segment holds the messages of one second, at most segmentSize of them.
const (
	segmentSpan = 1000 // ms
	segmentSize = 8192
)

func (g *segment) end() uint64 { return g.offset + uint64(len(g.checks)) }

// last returns the position of the newest message.
func (x *index) last() (Position, bool) {
	if len(x.segments) == 0 {
		return Position{}, false
	}
	g := &x.segments[len(x.segments)-1]
	return Position{Offset: g.end() - 1, Check: g.checks[len(g.checks)-1]}, true
}

// first returns the position of the oldest message.
func (x *index) first() (Position, bool) {
	if len(x.segments) == 0 {
		return Position{}, false
	}
	g := &x.segments[0]
	return Position{Offset: g.offset, Check: g.checks[0]}, true
}

// push adds the message after the last one.
func (x *index) push(p Position, at int64) {
	n := len(x.segments)
	if n == 0 || x.segments[n-1].full(p, at) {
		if n > 0 {
			x.segments[n-1].checks = slices.Clone(x.segments[n-1].checks) // frees the spare room
		}
		x.segments = append(x.segments, segment{offset: p.Offset, at: at})
		n++
	}
	g := &x.segments[n-1]
	g.checks = append(g.checks, p.Check)
	x.messages++
}

// full reports whether the message at p, read at that time in Unix ms, belongs to
// another segment.
func (g *segment) full(p Position, at int64) bool {
	return p.Offset != g.end() || at >= g.at+segmentSpan || len(g.checks) == segmentSize
}

// holds reports whether the window has the message at p, with the same check.
func (x *index) holds(p Position) bool {
	i := x.search(p.Offset)
	if i < 0 || p.Offset >= x.segments[i].end() {
		return false
	}
	g := &x.segments[i]
	return g.checks[p.Offset-g.offset] == p.Check
}

// search returns the number of the last segment that begins at or before the offset,
// -1 if none does.
func (x *index) search(offset uint64) int {
	return sort.Search(len(x.segments), func(i int) bool { return x.segments[i].offset > offset }) - 1
}

// trim drops the segments that ended before the given time in Unix ms, and those that
// end before completeFrom, since no client can resume there. The newest segment stays: a reconnect asks
// for its last message.
func (x *index) trim(before int64, completeFrom uint64) {
	for len(x.segments) > 1 && (x.segments[1].at <= before || x.segments[0].end() < completeFrom) {
		x.drop()
	}
}

// older reports whether the oldest segment ends before the offset and is not the
// newest one.
func (x *index) older(offset uint64) bool {
	return len(x.segments) > 1 && x.segments[0].end() <= offset
}

// drop drops the oldest segment.
func (x *index) drop() {
	x.messages -= len(x.segments[0].checks)
	x.segments[0] = segment{}
	x.segments = x.segments[1:]
}

// truncate drops the messages from offset on. It returns the earliest time, in Unix ms,
// at which the newest message left may have been read; if none is left, the same of
// the newest one dropped; and 0 if there was none.
func (x *index) truncate(offset uint64) (at int64) {
	for n := len(x.segments) - 1; n >= 0; n-- {
		g := &x.segments[n]
		if g.offset < offset {
			kept := min(offset, g.end()) - g.offset
			x.messages -= len(g.checks) - int(kept) //nolint:gosec // no more than checks
			g.checks = g.checks[:kept]
			return g.at
		}
		if at == 0 {
			at = g.at
		}
		x.messages -= len(g.checks)
		x.segments[n] = segment{}
		x.segments = x.segments[:n]
	}
	return at
}
