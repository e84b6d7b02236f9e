package journal

import "sort"

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

// push adds the message after the last one.
func (s *spine) push(p Position, at int64) {
	n := len(s.segments)
	if n == 0 || s.segments[n-1].full(p, at) {
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
	i := sort.Search(len(s.segments), func(i int) bool { return s.segments[i].offset > p.Offset }) - 1
	if i < 0 || p.Offset >= s.segments[i].end() {
		return false
	}
	g := &s.segments[i]
	return g.checks[p.Offset-g.offset] == p.Check
}

// trim drops the segments that were read before the given time (Unix ms) to
// their end, but for the newest one: a reconnect asks for its last message.
func (s *spine) trim(before int64) {
	n := 0
	for n+1 < len(s.segments) && s.segments[n+1].at <= before {
		s.messages -= len(s.segments[n].checks)
		s.segments[n] = segment{}
		n++
	}
	s.segments = s.segments[n:]
}
