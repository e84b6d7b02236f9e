package journal

import "ranger/internal/event"

// Subscribe returns a cursor that reads what is appended for uid from now on: its
// events, and the gaps of this user only.
func (j *Journal) Subscribe(uid event.UID, w Waker) *Cursor {
	s := j.shard(uid)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := newCursor(s, uid, w)
	c.log.addCursor(c)
	return c
}

// SubscribeWithGaps is Subscribe for a cursor that also reads the gaps of all users.
// All that it reads follows the returned position, which is the newest message's, or
// zero if there is none.
func (j *Journal) SubscribeWithGaps(uid event.UID, w Waker) (*Cursor, Position) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.shard(uid)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := newCursor(s, uid, w)
	c.withGaps, c.nextGap = true, j.gaps.Next()
	c.log.addCursor(c)
	last, _ := j.index.last()
	return c, last
}

// Resume is SubscribeWithGaps from an earlier message on: the cursor reads all that
// follows the position after. What it reads up to the position until was there at
// the call. Resume reports false, and subscribes nothing, if the window does not hold
// that message or no longer holds all of the user's events after it.
func (j *Journal) Resume(uid event.UID, w Waker, after Position) (c *Cursor, until Position, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.index.holds(after) || after.Offset+1 < j.completeFrom {
		return nil, Position{}, false
	}
	s := j.shard(uid)
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, has := s.logs[uid]; has && after.Offset+1 < l.completeFrom {
		return nil, Position{}, false
	}
	c = newCursor(s, uid, w)
	c.withGaps = true
	c.nextGap = j.gaps.Search(func(g *gap) bool { return g.before > after.Offset })
	c.next = c.log.entries.Search(func(e *Entry) bool { return e.Offset > after.Offset })
	c.log.addCursor(c)
	until, _ = j.index.last()
	return c, until, true
}

// Ahead reports whether the message at p comes after the newest one.
func (j *Journal) Ahead(p Position) bool {
	last, ok := j.Last()
	return !ok || p.Offset > last.Offset
}

// newCursor returns a cursor at the end of a user's log, not yet added to it. The
// caller holds the shard's mu.
func newCursor(s *shard, uid event.UID, w Waker) *Cursor {
	l := s.openLocked(uid)
	return &Cursor{log: l, waker: w, next: l.entries.Next(), woken: never}
}
