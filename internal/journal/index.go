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

func (ix *index) bytes() int64 {
	return messageCost*int64(ix.messages) + segmentCost*int64(len(ix.segments))
}

// A segment holds the messages of one second, at most segmentSize of them.
const (
	segmentSpan = 1000 // ms
	segmentSize = 8192
)

func (s *segment) end() uint64 { return s.offset + uint64(len(s.checks)) }

// last returns the position of the newest message.
func (ix *index) last() (Position, bool) {
	if len(ix.segments) == 0 {
		return Position{}, false
	}
	s := &ix.segments[len(ix.segments)-1]
	return Position{Offset: s.end() - 1, Check: s.checks[len(s.checks)-1]}, true
}

// first returns the position of the oldest message.
func (ix *index) first() (Position, bool) {
	if len(ix.segments) == 0 {
		return Position{}, false
	}
	s := &ix.segments[0]
	return Position{Offset: s.offset, Check: s.checks[0]}, true
}

// next returns the position of the oldest message after the offset.
func (ix *index) next(offset uint64) (Position, bool) {
	i := ix.search(offset)
	if i >= 0 && offset+1 < ix.segments[i].end() {
		s := &ix.segments[i]
		return Position{Offset: offset + 1, Check: s.checks[offset+1-s.offset]}, true
	}
	if i+1 == len(ix.segments) {
		return Position{}, false
	}
	s := &ix.segments[i+1]
	return Position{Offset: s.offset, Check: s.checks[0]}, true
}

// push adds the message after the last one.
func (ix *index) push(p Position, at int64) {
	n := len(ix.segments)
	if n == 0 || ix.segments[n-1].full(p, at) {
		if n > 0 {
			ix.segments[n-1].checks = slices.Clone(ix.segments[n-1].checks) // frees the spare room
		}
		ix.segments = append(ix.segments, segment{offset: p.Offset, at: at})
		n++
	}
	s := &ix.segments[n-1]
	s.checks = append(s.checks, p.Check)
	ix.messages++
}

// full reports whether the message at p, read at that time in Unix ms, belongs to
// another segment.
func (s *segment) full(p Position, at int64) bool {
	return p.Offset != s.end() || at >= s.at+segmentSpan || len(s.checks) == segmentSize
}

// holds reports whether the window has the message at p, with the same check.
func (ix *index) holds(p Position) bool {
	i := ix.search(p.Offset)
	if i < 0 || p.Offset >= ix.segments[i].end() {
		return false
	}
	s := &ix.segments[i]
	return s.checks[p.Offset-s.offset] == p.Check
}

// search returns the number of the last segment that begins at or before the offset,
// -1 if none does.
func (ix *index) search(offset uint64) int {
	return sort.Search(len(ix.segments), func(i int) bool { return ix.segments[i].offset > offset }) - 1
}

// trim drops the segments that ended before the given time in Unix ms, and those that
// end before completeFrom, since no client can resume there. The newest segment stays: a
// reconnect asks for its last message.
func (ix *index) trim(before int64, completeFrom uint64) {
	for len(ix.segments) > 1 && (ix.segments[1].at <= before || ix.segments[0].end() < completeFrom) {
		ix.drop()
	}
}

// older reports whether the oldest segment ends before the offset and is not the
// newest one.
func (ix *index) older(offset uint64) bool {
	return len(ix.segments) > 1 && ix.segments[0].end() <= offset
}

// drop drops the oldest segment.
func (ix *index) drop() {
	ix.messages -= len(ix.segments[0].checks)
	ix.segments[0] = segment{}
	ix.segments = ix.segments[1:]
}

// truncate drops the messages from offset on. It returns the earliest time, in Unix ms,
// at which the newest message left may have been read; if none is left, the same of
// the newest one dropped; and 0 if there was none.
func (ix *index) truncate(offset uint64) (at int64) {
	for n := len(ix.segments) - 1; n >= 0; n-- {
		s := &ix.segments[n]
		if s.offset < offset {
			kept := min(offset, s.end()) - s.offset
			ix.messages -= len(s.checks) - int(kept) //nolint:gosec // no more than checks
			s.checks = s.checks[:kept]
			return s.at
		}
		if at == 0 {
			at = s.at
		}
		ix.messages -= len(s.checks)
		ix.segments[n] = segment{}
		ix.segments = ix.segments[:n]
	}
	return at
}
