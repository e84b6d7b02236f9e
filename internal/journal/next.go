package journal

// Next returns the position of the oldest message after the offset, and reports
// whether there is one.
func (j *Journal) Next(offset uint64) (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.next(offset)
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
