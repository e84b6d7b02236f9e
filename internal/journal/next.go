package journal

// Next returns the position of the oldest message after the offset, and reports
// whether there is one.
func (j *Journal) Next(offset uint64) (Position, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.next(offset)
}

// next returns the position of the oldest message after the offset.
func (x *index) next(offset uint64) (Position, bool) {
	i := x.search(offset)
	if i >= 0 && offset+1 < x.segments[i].end() {
		g := &x.segments[i]
		return Position{Offset: offset + 1, Check: g.checks[offset+1-g.offset]}, true
	}
	if i+1 == len(x.segments) {
		return Position{}, false
	}
	g := &x.segments[i+1]
	return Position{Offset: g.offset, Check: g.checks[0]}, true
}
