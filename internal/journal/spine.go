package journal

import (
	"slices"
	"sort"
)

// spine holds the check of every message of the window, four bytes a message,
// in segments that go as a whole.
type spine struct {
	segments []segment // oldest first; none is empty
	messages int       // in all of them
}

// segment is a run of messages whose offsets are contiguous.
type segment struct {
	offset uint64 // of checks[0]
	at     int64  // when checks[0] was read, Unix ms
	checks []uint32
}

// What the spine is reckoned to take in bytes.
const (
	messageCost = 4
	segmentCost = 128 // its slot and as much as is free, and what its checks' array has too much
)

func (s *spine) bytes() int64 {
	return messageCost*int64(s.messages) + segmentCost*int64(len(s.segments))
}

// A segment takes messages of one second, and so many at most.
const (
	segmentSpan = 1000 // ms
	segmentSize = 8192
)

func (g *segment) end() uint64 { return g.offset + uint64(len(g.checks)) }

// last returns the position of the newest message.
func (s *spine) last() (Position, bool) {
	if len(s.segments) == 0 {
		return Position{}, false
	}
	g := &s.segments[len(s.segments)-1]
	return Position{Offset: g.end() - 1, Check: g.checks[len(g.checks)-1]}, true
}

// first returns the position of the oldest message.
func (s *spine) first() (Position, bool) {
	if len(s.segments) == 0 {
		return Position{}, false
	}
	g := &s.segments[0]
	return Position{Offset: g.offset, Check: g.checks[0]}, true
}

// push adds the message after the last one.
func (s *spine) push(p Position, at int64) {
	n := len(s.segments)
	if n == 0 || s.segments[n-1].full(p, at) {
		if n > 0 {
			s.segments[n-1].checks = slices.Clone(s.segments[n-1].checks) // lets go of the room to grow
		}
		s.segments = append(s.segments, segment{offset: p.Offset, at: at})
		n++
	}
	g := &s.segments[n-1]
	g.checks = append(g.checks, p.Check)
	s.messages++
}

// full tells whether the message at p, read at that time, belongs into another
// segment.
func (g *segment) full(p Position, at int64) bool {
	return p.Offset != g.end() || at >= g.at+segmentSpan || len(g.checks) == segmentSize
}

// holds tells whether p is in the window with this very check.
func (s *spine) holds(p Position) bool {
	i := s.search(p.Offset)
	if i < 0 || p.Offset >= s.segments[i].end() {
		return false
	}
	g := &s.segments[i]
	return g.checks[p.Offset-g.offset] == p.Check
}

// search returns the index of the last segment that begins at the offset or
// before it, -1 where none does.
func (s *spine) search(offset uint64) int {
	return sort.Search(len(s.segments), func(i int) bool { return s.segments[i].offset > offset }) - 1
}

// trim drops the segments that were read before the given time (Unix ms) to
// their end, and those behind no message of which one can resume, because the
// window is complete from the offset floor on only. The newest one stays: a
// reconnect asks for its last message.
func (s *spine) trim(before int64, floor uint64) {
	for len(s.segments) > 1 && (s.segments[1].at <= before || s.segments[0].end() < floor) {
		s.drop()
	}
}

// older tells whether the oldest segment ends before the offset, and is not the
// newest one.
func (s *spine) older(offset uint64) bool {
	return len(s.segments) > 1 && s.segments[0].end() <= offset
}

// drop drops the oldest segment.
func (s *spine) drop() {
	s.messages -= len(s.segments[0].checks)
	s.segments[0] = segment{}
	s.segments = s.segments[1:]
}

// cut drops the messages from offset on. It returns when the newest one that is
// left was read, at the earliest, Unix ms; where none is left, the same of the
// newest one dropped; and 0 where there was none.
func (s *spine) cut(offset uint64) (at int64) {
	for n := len(s.segments) - 1; n >= 0; n-- {
		g := &s.segments[n]
		if g.offset < offset {
			kept := min(offset, g.end()) - g.offset
			s.messages -= len(g.checks) - int(kept) //nolint:gosec // no more than checks
			g.checks = g.checks[:kept]
			return g.at
		}
		if at == 0 {
			at = g.at
		}
		s.messages -= len(g.checks)
		s.segments[n] = segment{}
		s.segments = s.segments[:n]
	}
	return at
}
