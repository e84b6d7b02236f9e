package journal

import (
	"errors"
	"slices"

	"ranger/internal/event"
)

// ErrBehind says that entries which a cursor has not read yet are gone.
var ErrBehind = errors.New("the cursor's place fell off its user's log")

// Waker is told that its cursor has entries to read. Wake runs on the goroutine
// that appends: it must not block, and may come when there is nothing new.
type Waker interface{ Wake() }

// Cursor is a place in one user's log. Its methods are safe for concurrent use;
// Close it when done.
type Cursor struct {
	shard *shard   // fixed at construction
	log   *userLog // fixed at construction
	waker Waker    // fixed at construction
	next  uint64   // number of the entry to be read next; guarded by shard.mu
}

// Subscribe returns a cursor that reads what is appended for uid from now on.
func (j *Journal) Subscribe(uid event.UID, w Waker) *Cursor {
	s := j.shard(uid)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.openLocked(uid)
	c := &Cursor{shard: s, log: l, waker: w, next: l.entries.next}
	l.cursors = append(l.cursors, c)
	return c
}

// Read copies the entries that follow the cursor into dst, as many as are there
// and fit, and moves the cursor behind them. It does not block. ErrBehind: some
// of what follows is gone, and the cursor is of no more use.
func (c *Cursor) Read(dst []Entry) (int, error) {
	c.shard.mu.Lock()
	defer c.shard.mu.Unlock()
	if c.next < c.log.entries.first {
		return 0, ErrBehind
	}
	n := 0
	for n < len(dst) && c.next != c.log.entries.next {
		dst[n] = *c.log.entries.at(c.next)
		c.next++
		n++
	}
	return n, nil
}

// Close ends the subscription; afterwards Wake may still come once.
func (c *Cursor) Close() {
	c.shard.mu.Lock()
	defer c.shard.mu.Unlock()
	if i := slices.Index(c.log.cursors, c); i >= 0 {
		c.log.cursors = slices.Delete(c.log.cursors, i, i+1)
		c.shard.forgetLocked(c.log)
	}
}
