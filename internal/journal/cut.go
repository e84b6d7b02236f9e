package journal

// Cut forgets the window from an offset on, because other messages stand there
// now, or none: the stream was made anew (then the offset is 0), or restored from
// an older copy. What lies before it still holds. A cursor that had not read all
// that is forgotten is behind. To the others messages may be missing from since
// on, Unix ms, which is 0 where nothing was held at all.
func (j *Journal) Cut(offset uint64) (since int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	since = j.spine.cut(offset)
	if len(j.spine.segments) == 0 {
		offset = 0 // messages that were lost may have entries before them, and nothing tells what may follow those
	}
	j.floor = min(j.floor, offset)
	gaps := cutGaps{end: j.gaps.next}
	for j.gaps.len() > 0 && j.gaps.newest().stands >= offset {
		j.gaps.popNewest()
	}
	gaps.next = j.gaps.next
	for i := range j.shards {
		j.cutShardLocked(&j.shards[i], offset, gaps)
	}
	j.oldest.retain()
	// Last: until then who has something to read waits for Journal.mu.
	j.announced.Store(j.gaps.next)
	return since
}

// cutGaps are the numbers of the next gap before and after a Cut.
type cutGaps struct{ end, next uint64 }

func (j *Journal) cutShardLocked(s *shard, offset uint64, gaps cutGaps) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.logs {
		before := l.bytes
		j.entries -= l.cut(offset, gaps)
		j.bytes += l.bytes - before
		if l.entries.len() == 0 {
			// The log may be forgotten, and with it what it dropped before.
			j.floor = max(j.floor, l.since)
			s.forgetLocked(l)
		}
	}
}
