package journal

import (
	"errors"
	"math"

	"ranger/internal/event"
)

// ErrBehind says that entries which a cursor has not read yet are gone.
var ErrBehind = errors.New("the cursor's place fell off its user's log")

// Waker is told that its cursor has entries to read. Wake runs on the goroutine
// that appends: it must not block, and may come when there is nothing new.
type Waker interface {
	// Wake is called after each Append that adds entries, or some time after some.
	// At leisure the goroutine that appends has nothing else to do: some
	// microseconds of work may be done here and now, which is sooner than another
	// goroutine would begin.
	Wake(leisure bool)
}

// Cursor is a place in one user's log. Its methods are safe for concurrent use;
// Close it when done.
type Cursor struct {
	log   *userLog // fixed at construction
	waker Waker    // fixed at construction

	// Guarded by the shard's mu.
	sibling *Cursor // the next one on the same log
	next    uint64  // number of the entry to be read next
	gap     uint64  // number of the gap to be read next
	cuts    uint32  // how often Cut ran
	behind  bool    // some of what it had to read was cut away

	gaps bool // reads what is announced to everybody; fixed before it is on its log

	// Owned by the goroutine that appends.
	late  bool  // its waker is to be woken later
	woken int64 // when it was last, by Message.At
	pace  pace  // of what it is woken for
}

// Read copies what follows the cursor into dst, as much as is there and fits,
// and moves the cursor behind it. It does not block. ErrBehind: some of what
// follows is gone, and the cursor is of no more use.
func (c *Cursor) Read(dst []Entry) (int, error) {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	// The number is read under the lock that appending takes: where an entry is
	// there, so are the gaps before it and that of its own message.
	if c.gaps && c.gap != s.journal.announced.Load() {
		return c.readWithGaps(dst)
	}
	if c.behind || c.next < c.log.entries.first {
		return 0, ErrBehind
	}
	n := 0
	for n < len(dst) && c.next < c.log.entries.next { // a closed cursor may be beyond
		dst[n] = *c.log.entries.at(c.next)
		c.next++
		n++
	}
	return n, nil
}

// readWithGaps is Read where there are gaps to be told. It is called with the
// shard's mu held, and lets go of it in between: Journal.mu is taken first.
func (c *Cursor) readWithGaps(dst []Entry) (int, error) {
	s := c.log.shard
	s.mu.Unlock()
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.mu.Lock()
	entries, gaps := &c.log.entries, &s.journal.gaps
	if c.behind || c.next < entries.first || c.gap < gaps.first {
		return 0, ErrBehind
	}
	n := 0
	for ; n < len(dst); n++ {
		unread, untold := c.next < entries.next, c.gap < gaps.next
		switch {
		case untold && (!unread || gaps.at(c.gap).stands <= entries.at(c.next).Offset):
			dst[n] = gaps.at(c.gap).Entry
			c.gap++
		case unread:
			dst[n] = *entries.at(c.next)
			c.next++
		default:
			return n, nil
		}
	}
	return n, nil
}

// Reached returns the position of the newest message, if the cursor has read
// everything up to there that it is to read; else it reports false.
func (c *Cursor) Reached() (Position, bool) {
	s := c.log.shard
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.behind || c.next != c.log.entries.next || c.gaps && c.gap != s.journal.gaps.next {
		return Position{}, false
	}
	return s.journal.spine.last()
}

// lookBack is how many entries Before copies under one lock.
const lookBack = 16

// Before returns the newest event before the cursor for which match is true,
// and reports false where there is none. It calls match without a lock. It must
// not run while Read does.
func (c *Cursor) Before(match func(*Entry) bool) (Entry, bool) {
	var entries [lookBack]Entry
	for end, n := uint64(math.MaxUint64), lookBack; n == lookBack; {
		n, end = c.copyBefore(end, entries[:])
		for i := n - 1; i >= 0; i-- {
			if e := &entries[i]; e.Kind != event.Announcement && match(e) {
				return *e, true
			}
		}
	}
	return Entry{}, false
}

// Cuts returns how often the window was cut since the cursor began. Where two
// calls return the same, what was read in between is of one stream.
func (c *Cursor) Cuts() uint64 {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(c.cuts)
}

// copyBefore copies the last entries before the one of that number, and before
// the cursor, in order; it returns how many, and the number of the first.
func (c *Cursor) copyBefore(end uint64, dst []Entry) (n int, start uint64) {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := &c.log.entries
	end = min(end, c.next, entries.next)
	start = entries.first
	if size := uint64(len(dst)); end > start+size {
		start = end - size
	}
	for number := start; number < end; number++ {
		dst[n] = *entries.at(number)
		n++
	}
	return n, start
}

// Close ends the subscription; afterwards Wake may still come once.
func (c *Cursor) Close() {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.log.removeCursor(c) {
		s.forgetLocked(c.log)
	}
}
