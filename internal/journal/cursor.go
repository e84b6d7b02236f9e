package journal

import (
	"errors"
	"math"

	"ranger/internal/event"
)

// ErrBehind reports that entries which the cursor has not read are gone.
var ErrBehind = errors.New("the cursor fell behind its user's log")

// Waker is notified when its cursor has entries to read.
type Waker interface {
	// Wake is called when entries are added to what the cursor has read: once, until
	// Read has returned all of them. Before that it is called again only if the log
	// fills up, each time that a quarter of its bound has been added. There may be
	// nothing new to read.
	//
	// It is called on the goroutine that appends, so it must not block. It may do a
	// few microseconds of work on it, such as a write, and reports whether it did.
	// inlined is how many wakers have done so since the last EndBatch.
	Wake(inlined int) (inline bool)
}

// Cursor is a position in one user's log. Its methods are safe for concurrent use, except
// that Before must not run concurrently with Read. The caller closes it.
type Cursor struct {
	log      *userLog // fixed at construction
	waker    Waker    // fixed at construction
	withGaps bool     // reads the gaps of all users; fixed at construction

	// Guarded by the shard's mu.
	sibling     *Cursor // the next cursor on the same log
	next        uint64  // number of the entry to read next
	nextGap     uint64  // number of the gap to read next
	addedBytes  int64   // bytes of the entries added since notifyLocked last reported true
	added       uint32  // number of these entries
	truncations uint32  // calls of Truncate since the cursor began
	behind      bool    // Truncate removed entries that it had not read
	notified    bool    // its waker is called for entries that Read has not returned yet

	// Owned by the goroutine that appends.
	late  bool  // it is one of the lateCursors
	woken int64 // Message.At of the last call of its waker
}

// Read copies the entries after the cursor into dst, as many as there are and fit,
// and moves the cursor past them. It does not block. It returns ErrBehind if some of
// them are gone; then the cursor is of no more use.
func (c *Cursor) Read(dst []Entry) (int, error) {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	// announced is read under the lock that Append takes to add an entry: if an entry
	// can be read, so can the gaps before it and the gap of its own message.
	if c.withGaps && c.nextGap != s.journal.announced.Load() {
		return c.readWithGaps(dst)
	}
	if c.behind || c.next < c.log.entries.First() {
		return 0, ErrBehind
	}
	n := 0
	for n < len(dst) && c.next < c.log.entries.Next() { // a closed cursor may be beyond
		dst[n] = *c.log.entries.At(c.next)
		c.next++
		n++
	}
	c.notified = c.notified && n == len(dst)
	return n, nil
}

// readWithGaps is Read if there are unread gaps. It is called with the shard's mu
// held and releases it for a moment, because Journal.mu is locked first.
func (c *Cursor) readWithGaps(dst []Entry) (int, error) {
	s := c.log.shard
	s.mu.Unlock()
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.mu.Lock()
	entries, gaps := &c.log.entries, &s.journal.gaps
	if c.behind || c.next < entries.First() || c.nextGap < gaps.First() {
		return 0, ErrBehind
	}
	n := 0
	for ; n < len(dst); n++ {
		hasEntry, hasGap := c.next < entries.Next(), c.nextGap < gaps.Next()
		switch {
		case hasGap && (!hasEntry || gaps.At(c.nextGap).before <= entries.At(c.next).Offset):
			dst[n] = gaps.At(c.nextGap).Entry
			c.nextGap++
		case hasEntry:
			dst[n] = *entries.At(c.next)
			c.next++
		default:
			c.notified = false
			return n, nil
		}
	}
	return n, nil
}

// notifyLocked counts an added entry, and reports whether the waker must be called:
// again after a quarter of the log's bound, which is given. The caller holds the
// shard's mu.
func (c *Cursor) notifyLocked(bytes int, quarter bound) bool {
	c.added++
	c.addedBytes += int64(bytes)
	if c.notified && int64(c.added) < quarter.entries && c.addedBytes < quarter.bytes {
		return false
	}
	c.notified, c.added, c.addedBytes = true, 0, 0
	return true
}

// Reached returns the position of the newest message if the cursor has read
// everything up to it; otherwise it reports false.
func (c *Cursor) Reached() (Position, bool) {
	s := c.log.shard
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.behind || c.next != c.log.entries.Next() || c.withGaps && c.nextGap != s.journal.gaps.Next() {
		return Position{}, false
	}
	return s.journal.index.last()
}

// lookBack is how many entries Before copies under one lock.
const lookBack = 16

// Before returns the newest event before the cursor for which match returns true, and
// reports false if there is none. It calls match without a lock.
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

// Truncations returns how often the window was truncated since the cursor began. If
// two calls return the same, everything read between them is of one stream.
func (c *Cursor) Truncations() uint64 {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(c.truncations)
}

// copyBefore copies the last entries before the cursor whose numbers are below end, in
// order. It returns how many, and the number of the first.
func (c *Cursor) copyBefore(end uint64, dst []Entry) (n int, start uint64) {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := &c.log.entries
	end = min(end, c.next, entries.Next())
	start = entries.First()
	if size := uint64(len(dst)); end > start+size {
		start = end - size
	}
	for number := start; number < end; number++ {
		dst[n] = *entries.At(number)
		n++
	}
	return n, start
}

// Close ends the subscription. Wake may be called once more after it.
func (c *Cursor) Close() {
	s := c.log.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.log.removeCursor(c) {
		s.removeIdleLocked(c.log)
	}
}
