package journal

import "sort"

// spine holds the check of every message of the window, four bytes a message,
// in segments that go as a whole. Offsets in it are contiguous.
type spine struct {
	segments []segment // oldest first; none is empty
}

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

// len returns the number of messages held.
func (s *spine) len() int {
	last, ok := s.last()
	if !ok {
		return 0
	}
	return int(last.Offset-s.segments[0].offset) + 1 //nolint:gosec // as many as there are checks in memory
}

// push adds the message after the last one, or begins anew at p where p does
// not stand there.
func (s *spine) push(p Position, at int64) {
	if last, ok := s.last(); ok && p.Offset != last.Offset+1 {
		s.segments = nil
	}
	n := len(s.segments)
	if n == 0 || at >= s.segments[n-1].at+segmentSpan || len(s.segments[n-1].checks) == segmentSize {
		s.segments = append(s.segments, segment{offset: p.Offset, at: at})
		n++
	}
	g := &s.segments[n-1]
	g.checks = append(g.checks, p.Check)
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
		s.segments[n] = segment{}
		n++
	}
	s.segments = s.segments[n:]
}
