package journal_test

import (
	"errors"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// I3: a stream that was deleted and declared anew counts from 0 again. No position of
// the old one is held.
func TestTruncate_AtZeroRemovesEverything(t *testing.T) {
	s := newStream(t, journal.Config{})
	c, _ := s.SubscribeWithGaps("alice", &waker{})
	s.announce("alice")
	s.add("alice")
	wantTexts(t, c, "gap 0", "alice 0", "alice 1")
	s.Truncate(0)
	if _, ok := s.Last(); ok {
		t.Error("Last() after Truncate(0) = true, want false")
	}
	if _, ok := s.First(); ok {
		t.Error("First() after Truncate(0) = true, want false")
	}
	if s.Holds(position(1)) {
		t.Error("Holds(a position of the old stream) = true before the new one, want false")
	}
	if _, ok := c.Reached(); ok {
		t.Error("Reached() in an empty window = true, want false")
	}
	wantRefused(t, s.Journal, position(1))
	wantStats(t, s.Journal, journal.Stats{})

	other := journal.Message{Position: journal.Position{Offset: 1, Check: 1}, At: s.at, Gap: []byte("a gap")}
	other.Events = append(other.Events, event.Event{UID: "alice", Message: []byte("of the new stream")})
	if !s.Append(other) {
		t.Fatal("Append of the new stream = false, want true")
	}
	if s.Holds(position(1)) {
		t.Error("Holds(a position of the old stream) = true in the new one, want false")
	}
	if !s.Holds(other.Position) {
		t.Error("Holds(a position of the new stream) = false, want true")
	}
	wantTexts(t, c, "a gap", "of the new stream")
	if got, ok := c.Reached(); !ok || got != other.Position {
		t.Errorf("Reached() = %v, %v; want %v", got, ok, other.Position)
	}
}

// Messages before the offset stay, and new ones follow them.
func TestTruncate_KeepsWhatPrecedesTheOffset(t *testing.T) {
	s := newStream(t, journal.Config{})
	read, _ := s.SubscribeWithGaps("alice", &waker{})
	for range 3 {
		s.add("alice", "bob")
	}
	s.announce("alice")
	wantTexts(t, read, "alice 0", "alice 1", "alice 2", "gap 3", "alice 3")
	s.Truncate(2)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 2, Entries: 4, Bytes: logBytes("alice", 7, 7) + logBytes("bob", 5, 5), Last: position(1),
	})
	if got, ok := read.Reached(); !ok || got != position(1) {
		t.Errorf("Reached() = %v, %v; want %v, since it has read more than that", got, ok, position(1))
	}
	s.next = 2
	m := journal.Message{Position: journal.Position{Offset: 2, Check: 1}, At: s.at, Gap: []byte("a gap")}
	m.Events = []event.Event{{UID: "alice", Message: []byte("another")}}
	s.Append(m)
	wantTexts(t, read, "a gap", "another")
	wantRefused(t, s.Journal, position(2))
	wantRefused(t, s.Journal, position(3))
	c, _, ok := s.Resume("alice", &waker{}, position(0))
	if !ok {
		t.Fatal("Resume before the truncated messages was refused")
	}
	wantTexts(t, c, "alice 1", "a gap", "another")
}

// I2: a cursor that had not read all that is removed falls behind, whether that was an
// event, a gap of its user, or one of all users.
func TestTruncate_UnreadEntriesMakeACursorFallBehind(t *testing.T) {
	for name, c := range map[string]struct {
		append  func(*stream)
		plain   bool // whether a cursor of the same user without gaps is behind
		another bool // whether a cursor of another user with gaps is
	}{
		"event":        {func(s *stream) { s.add("alice") }, true, false},
		"gap":          {func(s *stream) { s.announce() }, false, true},
		"other's":      {func(s *stream) { s.announce("bob") }, false, true},
		"announcement": {func(s *stream) { s.announceTo("alice") }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, journal.Config{})
			plain := s.Subscribe("alice", &waker{})
			gaps, _ := s.SubscribeWithGaps("alice", &waker{})
			s.add("alice")
			resumed, _, ok := s.Resume("alice", &waker{}, position(0))
			another, _ := s.SubscribeWithGaps("carol", &waker{})
			if !ok {
				t.Fatal("Resume was refused")
			}
			wantRead(t, plain, 0)
			wantRead(t, gaps, 0)
			c.append(s)
			s.Truncate(1)
			wantBehindIf(t, plain, c.plain)
			wantBehindIf(t, gaps, true)
			wantBehindIf(t, resumed, true)
			wantBehindIf(t, another, c.another)
			s.next = 1
			s.announce("alice", "bob", "carol")
			wantBehindIf(t, gaps, true)
			wantBehindIf(t, another, c.another)
		})
	}
}

// announceTo appends the next message, with a gap for one user.
func (s *stream) announceTo(uid event.UID) {
	s.tb.Helper()
	m := journal.Message{Position: position(s.next), At: s.at}
	m.Events = []event.Event{{UID: uid, Kind: event.Announcement, Message: []byte("gap of one user")}}
	if !s.Append(m) {
		s.tb.Fatalf("offset %d was refused", s.next)
	}
	s.next++
}

func wantBehindIf(tb testing.TB, c *journal.Cursor, behind bool) {
	tb.Helper()
	n, err := c.Read(make([]journal.Entry, 3))
	if got := errors.Is(err, journal.ErrBehind); got != behind {
		tb.Errorf("Read() = %d, %v; want behind: %v", n, err, behind)
	}
	if _, ok := c.Reached(); ok && behind {
		tb.Error("Reached() of a cursor that is behind = true, want false")
	}
}

// since is at most a second before the newest message left was read: a client that
// resumes there may lack everything removed. If none is left no client resumes, and it
// is the same of the newest message removed.
func TestTruncate_ReturnsSinceWhenMessagesMayBeMissing(t *testing.T) {
	const start = 1_700_000_000_000
	for name, c := range map[string]struct {
		offset uint64
		want   int64
	}{
		"all":        {0, start + 6000},
		"first":      {1, start},
		"run":        {3, start + 3000},
		"in a run":   {4, start + 3000},
		"after one":  {5, start + 3000},
		"last":       {6, start + 5000},
		"none":       {7, start + 6000},
		"beyond all": {100, start + 6000},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, journal.Config{})
			for _, ms := range []int64{0, 2000, 3000, 3400, 3999, 5000, 6000} {
				s.at = start + ms
				s.add()
			}
			if got := s.Truncate(c.offset); got != c.want {
				t.Errorf("Truncate(%d) = start + %d ms, want start + %d ms", c.offset, got-start, c.want-start)
			}
		})
	}
	if got := journal.New(journal.Config{}).Truncate(0); got != 0 {
		t.Errorf("Truncate(0) of an empty window = %d, want 0", got)
	}
}

// I2, I3: a log whose entries are all truncated is removed. Still no client resumes
// before the entries that the bound of the log had dropped.
func TestTruncate_RemembersWhatLogsHadDropped(t *testing.T) {
	for name, connected := range map[string]bool{"connected": true, "not connected": false} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, journal.Config{Size: 1})
			c := s.Subscribe("alice", &waker{})
			s.add()
			s.add("alice") // dropped by the next
			s.add()
			s.add("alice")
			if !connected {
				c.Close()
			}
			s.Truncate(3)
			c.Close()
			if got := s.Logs(); got != 0 {
				t.Errorf("%d logs, want 0", got)
			}
			wantRefused(t, s.Journal, position(0))
			wantResumed(t, s.Journal, 1)
			wantResumed(t, s.Journal, 2)
		})
	}
}

// What was dropped of the old stream does not count for the new one.
func TestTruncate_NewStreamIsComplete(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute, Size: 2})
	s.next = 500
	s.add("bob")
	for range 3 {
		s.add("alice")
	}
	s.wait(59 * time.Second)
	s.add("alice")
	s.wait(2 * time.Second)
	s.announce("alice") // alice's log has dropped an entry, and bob's entry was too old
	s.Truncate(0)
	s.next = 3
	s.add("alice")
	s.add("alice")
	wantStats(t, s.Journal, journal.Stats{
		Messages: 2, Entries: 2, Bytes: logBytes("alice", 7, 7), Evicted: 3, CompleteFrom: 3, Last: position(4),
	})
	wantResumed(t, s.Journal, 3, 4)
}

// I3: entries from before lost messages may be left. If no message is left, they are
// removed too, or a new message might precede them.
func TestTruncate_RemovesEntriesFromBeforeLostMessages(t *testing.T) {
	s := newStream(t, journal.Config{})
	read, unread := s.Subscribe("alice", &waker{}), s.Subscribe("alice", &waker{})
	s.next = 5
	s.add("alice")
	wantRead(t, read, 5)
	s.next, s.lost = 50, true
	s.add()
	s.Truncate(20)
	s.next = 2
	s.add("alice")
	wantRead(t, read, 2)
	wantBehind(t, unread)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 1, Entries: 1, Bytes: logBytes("alice", 7), CompleteFrom: 2, Last: position(2),
	})
}

// I7: a closed cursor may still be read by a goroutine that does not know yet. It must
// not crash if the entries at its position are gone.
func TestTruncate_ClosedCursorMayBeRead(t *testing.T) {
	s := newStream(t, journal.Config{})
	closed, _ := s.SubscribeWithGaps("alice", &waker{})
	plain := s.Subscribe("alice", &waker{})
	other, _ := s.SubscribeWithGaps("alice", &waker{})
	for range 5 {
		s.announce("alice")
	}
	readAll(t, closed)
	readAll(t, plain)
	closed.Close()
	plain.Close()
	for _, offset := range []uint64{2, 0} {
		s.Truncate(offset)
		for _, c := range []*journal.Cursor{closed, plain} {
			if n, err := c.Read(make([]journal.Entry, 3)); n != 0 || err != nil {
				t.Errorf("Read() of a closed cursor = %d, %v; want 0, nil", n, err)
			}
			if _, ok := c.Reached(); ok {
				t.Error("Reached() of a closed cursor = true, want false")
			}
			c.Before(func(*journal.Entry) bool { return false })
		}
	}
	wantBehind(t, other)
}
