package journal

// Next returns the position of the oldest message behind the offset, and
// whether there is one.
func (j *Journal) Next(offset uint64) (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spine.next(offset)
}

// next returns the position of the oldest message behind the offset.
func (s *spine) next(offset uint64) (Position, bool) {
	i := s.search(offset)
	if i >= 0 && offset+1 < s.segments[i].end() {
		g := &s.segments[i]
		return Position{Offset: offset + 1, Check: g.checks[offset+1-g.offset]}, true
	}
	if i+1 == len(s.segments) {
		return Position{}, false
	}
	g := &s.segments[i+1]
	return Position{Offset: g.offset, Check: g.checks[0]}, true
}
