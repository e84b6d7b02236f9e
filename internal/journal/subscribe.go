package journal

import "ranger/internal/event"

// Subscribe returns a cursor that reads what is appended for uid from now on:
// its events, and what is announced to it alone.
func (j *Journal) Subscribe(uid event.UID, w Waker) *Cursor {
	s := j.shard(uid)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := newCursor(s, uid, w)
	c.log.addCursor(c)
	return c
}

// Follow is Subscribe for one that is also told of what is announced to
// everybody. All that it reads stands behind the position returned, which is
// that of the newest message, or zero where there is none.
func (j *Journal) Follow(uid event.UID, w Waker) (*Cursor, Position) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.shard(uid)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := newCursor(s, uid, w)
	c.gaps, c.gap = true, j.gaps.next
	c.log.addCursor(c)
	last, _ := j.spine.last()
	return c, last
}

// Resume is Follow from the message at after on: the cursor reads all that
// stands behind it, of which what stands up to until was there already. It
// reports false, and subscribes nothing, where the window does not hold that
// message, or no longer all of the user's events behind it.
func (j *Journal) Resume(uid event.UID, w Waker, after Position) (c *Cursor, until Position, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.spine.holds(after) || after.Offset+1 < j.floor {
		return nil, Position{}, false
	}
	s := j.shard(uid)
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, has := s.logs[uid]; has && after.Offset+1 < l.since {
		return nil, Position{}, false
	}
	c = newCursor(s, uid, w)
	c.gaps = true
	c.gap = j.gaps.search(func(g *gap) bool { return g.stands > after.Offset })
	c.next = c.log.entries.search(func(e *Entry) bool { return e.Offset > after.Offset })
	c.log.addCursor(c)
	until, _ = j.spine.last()
	return c, until, true
}

// Ahead tells whether the message at p lies behind the newest one.
func (j *Journal) Ahead(p Position) bool {
	last, ok := j.Last()
	return !ok || p.Offset > last.Offset
}

// newCursor returns a cursor at the end of a user's log, which does not know it
// yet. The caller holds the shard's mu.
func newCursor(s *shard, uid event.UID, w Waker) *Cursor {
	l := s.openLocked(uid)
	return &Cursor{log: l, waker: w, next: l.entries.next, woken: never}
}
