package journal_test

import (
	"errors"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// A stream that was deleted and made anew counts from 0 again: nothing of the old
// one holds (I3).
func TestCutOfAll(t *testing.T) {
	s := newStream(t, journal.Config{})
	c, _ := s.Follow("alice", &waker{})
	s.announce("alice")
	s.add("alice")
	wantTexts(t, c, "gap 0", "alice 0", "alice 1")
	s.Cut(0)
	if _, ok := s.Last(); ok {
		t.Error("there is a last position after a cut at 0")
	}
	if _, ok := s.First(); ok {
		t.Error("there is a first position after a cut at 0")
	}
	if s.Holds(position(1)) {
		t.Error("a position of the old stream holds before there is a new one")
	}
	if _, ok := c.Reached(); ok {
		t.Error("a position was reached in an empty window")
	}
	wantRefused(t, s.Journal, position(1))
	wantStats(t, s.Journal, journal.Stats{})

	other := journal.Message{Position: journal.Position{Offset: 1, Check: 1}, At: s.at, Gap: []byte("a gap")}
	other.Events = append(other.Events, event.Event{UID: "alice", Message: []byte("of the new stream")})
	if !s.Append(other) {
		t.Fatal("the new stream was refused")
	}
	if s.Holds(position(1)) {
		t.Error("a position of the old stream holds in the new one")
	}
	if !s.Holds(other.Position) {
		t.Error("a position of the new stream does not hold")
	}
	wantTexts(t, c, "a gap", "of the new stream")
	if got, ok := c.Reached(); !ok || got != other.Position {
		t.Errorf("Reached() = %v, %v; want %v", got, ok, other.Position)
	}
}

// What lies before a cut still holds, and what comes behind it follows.
func TestCutInTheMiddle(t *testing.T) {
	s := newStream(t, journal.Config{})
	read, _ := s.Follow("alice", &waker{})
	for range 3 {
		s.add("alice", "bob")
	}
	s.announce("alice")
	wantTexts(t, read, "alice 0", "alice 1", "alice 2", "gap 3", "alice 3")
	s.Cut(2)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 2, Entries: 4, Bytes: logBytes("alice", 7, 7) + logBytes("bob", 5, 5), Last: position(1),
	})
	if got, ok := read.Reached(); !ok || got != position(1) {
		t.Errorf("Reached() = %v, %v; want %v: it has read more than that", got, ok, position(1))
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
		t.Fatal("a position before the cut was refused")
	}
	wantTexts(t, c, "alice 1", "a gap", "another")
}

// Who had not read all that was cut is told so, whether it was an event of
// theirs, a gap for them alone, or one for everybody (I2).
func TestCutOfWhatWasNotRead(t *testing.T) {
	for name, c := range map[string]struct {
		append  func(*stream)
		plain   bool // whether one of the same user is behind who reads no gaps
		another bool // whether another user, who reads them, is
	}{
		"event":        {func(s *stream) { s.add("alice") }, true, false},
		"gap":          {func(s *stream) { s.announce() }, false, true},
		"other's":      {func(s *stream) { s.announce("bob") }, false, true},
		"announcement": {func(s *stream) { s.tell("alice") }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, journal.Config{})
			plain := s.Subscribe("alice", &waker{})
			gaps, _ := s.Follow("alice", &waker{})
			s.add("alice")
			resumed, _, ok := s.Resume("alice", &waker{}, position(0))
			another, _ := s.Follow("carol", &waker{})
			if !ok {
				t.Fatal("refused")
			}
			wantRead(t, plain, 0)
			wantRead(t, gaps, 0)
			c.append(s)
			s.Cut(1)
			wantBehindIf(t, plain, c.plain)
			wantBehindIf(t, gaps, true)
			wantBehindIf(t, resumed, true)
			wantBehindIf(t, another, c.another)
			s.next = 1
			s.announce("alice", "bob", "carol")
			wantBehindIf(t, gaps, true) // for good
			wantBehindIf(t, another, c.another)
		})
	}
}

// tell appends the next message, with a gap for one user.
func (s *stream) tell(uid event.UID) {
	s.tb.Helper()
	m := journal.Message{Position: position(s.next), At: s.at}
	m.Events = []event.Event{{UID: uid, Kind: event.Announcement, Message: []byte("a gap of theirs")}}
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
		tb.Error("a cursor that is behind has reached a position")
	}
}

// since is a second at most before what was read last and still holds: who
// resumes there may lack all that was cut. Where nothing is left nobody resumes,
// and it is the same of what was read last at all.
func TestCutTellsSinceWhen(t *testing.T) {
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
			if got := s.Cut(c.offset); got != c.want {
				t.Errorf("Cut(%d) = start + %d ms, want start + %d ms", c.offset, got-start, c.want-start)
			}
		})
	}
	if got := journal.New(journal.Config{}).Cut(0); got != 0 {
		t.Errorf("Cut() of an empty window = %d, want 0", got)
	}
}

// A log whose entries are all cut is forgotten, but not that it had dropped some
// by its own bound: nobody resumes before those (I2, I3).
func TestCutKeepsWhatLogsHadDropped(t *testing.T) {
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
			s.Cut(3)
			c.Close()
			if got := s.Logs(); got != 0 {
				t.Errorf("%d logs, want none", got)
			}
			wantRefused(t, s.Journal, position(0))
			wantResumed(t, s.Journal, 1)
			wantResumed(t, s.Journal, 2)
		})
	}
}

// What the old stream dropped says nothing of the new one's completeness.
func TestCutLeavesFloorToTheNewStream(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute, Size: 2})
	s.next = 500
	s.add("bob")
	for range 3 {
		s.add("alice")
	}
	s.wait(59 * time.Second)
	s.add("alice")
	s.wait(2 * time.Second)
	s.announce("alice") // alice's log has dropped some, and bob's were too old
	s.Cut(0)
	s.next = 3
	s.add("alice")
	s.add("alice")
	wantStats(t, s.Journal, journal.Stats{
		Messages: 2, Entries: 2, Bytes: logBytes("alice", 7, 7), Evicted: 3, Floor: 3, Last: position(4),
	})
	wantResumed(t, s.Journal, 3, 4)
}

// Entries may be left of before messages that were lost. A cut behind which no
// message is left takes them too, or what comes might stand before them (I3).
func TestCutOfAllThatHolds(t *testing.T) {
	s := newStream(t, journal.Config{})
	read, unread := s.Subscribe("alice", &waker{}), s.Subscribe("alice", &waker{})
	s.next = 5
	s.add("alice")
	wantRead(t, read, 5)
	s.next, s.lost = 50, true
	s.add()
	s.Cut(20)
	s.next = 2
	s.add("alice")
	wantRead(t, read, 2)
	wantBehind(t, unread)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 1, Entries: 1, Bytes: logBytes("alice", 7), Floor: 2, Last: position(2),
	})
}

// A cursor that was closed may still be read by who does not know yet: it must
// not crash where what it stood behind is gone (I7).
func TestCutUnderAClosedCursor(t *testing.T) {
	s := newStream(t, journal.Config{})
	closed, _ := s.Follow("alice", &waker{})
	plain := s.Subscribe("alice", &waker{})
	other, _ := s.Follow("alice", &waker{})
	for range 5 {
		s.announce("alice")
	}
	readAll(t, closed)
	readAll(t, plain)
	closed.Close()
	plain.Close()
	for _, offset := range []uint64{2, 0} {
		s.Cut(offset)
		for _, c := range []*journal.Cursor{closed, plain} {
			if n, err := c.Read(make([]journal.Entry, 3)); n != 0 || err != nil {
				t.Errorf("Read() = %d, %v; want nothing", n, err)
			}
			if _, ok := c.Reached(); ok {
				t.Error("a closed cursor has reached a position")
			}
			c.Before(func(*journal.Entry) bool { return false })
		}
	}
	wantBehind(t, other)
}
