package journal

// Truncate removes the window from an offset on, because the stream now holds other
// messages there, or none: it was declared anew (then the offset is 0) or restored
// from an older copy. Messages before the offset stay. A cursor that had not read all
// that is removed falls behind. To the other clients messages may be missing since
// the returned time in Unix ms; it is 0 if the window was empty.
func (j *Journal) Truncate(offset uint64) (since int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	since = j.index.truncate(offset)
	if len(j.index.segments) == 0 {
		// The logs may hold entries from before lost messages, and no message is left
		// after which those may follow.
		offset = 0
	}
	j.completeFrom = min(j.completeFrom, offset)
	gaps := gapNumbers{before: j.gaps.Next()}
	for j.gaps.Len() > 0 && j.gaps.Newest().before >= offset {
		j.gaps.PopNewest()
	}
	gaps.after = j.gaps.Next()
	for i := range j.shards {
		j.truncateShardLocked(&j.shards[i], offset, gaps)
	}
	j.oldest.removeEmpty()
	// Last: until then a cursor that reads waits for Journal.mu.
	j.announced.Store(j.gaps.Next())
	return since
}

// gapNumbers are the numbers of the next gap before and after a Truncate.
type gapNumbers struct{ before, after uint64 }

func (j *Journal) truncateShardLocked(s *shard, offset uint64, gaps gapNumbers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.logs {
		before := l.bytes
		j.entries -= l.truncate(offset, gaps)
		j.bytes += l.bytes - before
		if l.entries.Len() == 0 {
			// The log may be removed, and with it the record of what it dropped.
			j.completeFrom = max(j.completeFrom, l.completeFrom)
			s.removeIdleLocked(l)
		}
	}
}
