package journal_test

import (
	"fmt"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// I3: a resumed cursor reads what follows the position, then what is appended.
func TestResume_ReadsWhatFollows(t *testing.T) {
	s := newStream(t, journal.Config{})
	s.add("alice")        // 0
	s.add("bob")          // 1
	s.announce()          // 2
	s.add("alice")        // 3
	s.announce("alice")   // 4
	s.announceTo("alice") // 5
	s.announce("bob")     // 6
	all := []string{"alice 0", "gap 2", "alice 3", "gap 4", "alice 4", "gap of one user", "gap 6"}
	for after, follows := range map[uint64]int{0: 1, 1: 1, 2: 2, 3: 3, 4: 5, 5: 6, 6: 7} {
		t.Run(fmt.Sprint("after ", after), func(t *testing.T) {
			w := &waker{}
			c, until, ok := s.Resume("alice", w, position(after))
			if !ok || until != position(6) {
				t.Fatalf("Resume() = %v, %v; want up to %v", until, ok, position(6))
			}
			defer c.Close()
			if _, reached := c.Reached(); reached != (follows == len(all)) {
				t.Errorf("Reached() before a Read = %v, want %v", reached, !reached)
			}
			wantTexts(t, c, all[follows:]...)
			if got, reached := c.Reached(); !reached || got != until {
				t.Errorf("Reached() = %v, %v; want %v", got, reached, until)
			}
			if w.woken != 0 {
				t.Errorf("woken %d times for what was there, want 0", w.woken)
			}
		})
	}
}

func TestSubscribeWithGaps_ReadsGapsOfAllUsers(t *testing.T) {
	s := newStream(t, journal.Config{})
	w, plain := &waker{}, &waker{}
	early, at := s.SubscribeWithGaps("alice", w)
	if at != (journal.Position{}) {
		t.Errorf("begins after %v in an empty window, want zero", at)
	}
	s.announce("alice")
	c, at := s.SubscribeWithGaps("alice", w)
	if at != position(0) {
		t.Errorf("begins after %v, want %v", at, position(0))
	}
	p := s.Subscribe("alice", plain)
	s.announce()
	s.add("alice")
	wantTexts(t, early, "gap 0", "alice 0", "gap 1", "alice 2")
	wantTexts(t, c, "gap 1", "alice 2")
	wantTexts(t, p, "alice 2")
	if w.woken != 2 || plain.woken != 1 { // w is the waker of two cursors
		t.Errorf("woken %d and %d times, want twice and once", w.woken, plain.woken)
	}
	if got, ok := p.Reached(); !ok || got != position(2) {
		t.Errorf("Reached() = %v, %v; want %v", got, ok, position(2))
	}
}

// I3: a user can resume after the message before one that is missing, and not earlier,
// whatever dropped it.
func TestResume_Edge(t *testing.T) {
	for name, c := range map[string]struct {
		cfg    journal.Config
		append func(*stream)
		oldest uint64 // the oldest after which alice can resume
		bob    uint64 // the same of bob
	}{
		"nothing missing": {journal.Config{}, func(s *stream) { s.add("alice"); s.add("bob") }, 0, 0},
		"size": {journal.Config{Size: 2}, func(s *stream) {
			s.add()
			for range 3 {
				s.add("alice") // 1 is dropped
			}
			s.add("bob")
		}, 1, 0},
		"memory of one": {journal.Config{Memory: 64 * 1000}, func(s *stream) {
			s.add()
			s.addLong("alice", 400)
			s.addLong("alice", 400)
			s.add("bob")
		}, 1, 0},
		"memory of all": {journal.Config{Memory: 64 * 1000}, func(s *stream) {
			s.add()
			s.add("bob")
			s.add("alice")
			for i := 0; s.Stats().Evicted < 2; i++ {
				s.addLong(event.UID(fmt.Sprint("user ", i)), 20)
			}
		}, 2, 2},
		"age": {journal.Config{TTL: time.Minute}, func(s *stream) {
			s.add()
			s.add("bob")
			s.wait(30 * time.Second)
			s.add("alice")
			s.wait(31 * time.Second)
			s.add()
		}, 1, 1},
		"age of a gap": {journal.Config{TTL: time.Minute}, func(s *stream) {
			s.add()
			s.announce()
			s.wait(61 * time.Second)
			s.add()
		}, 1, 1},
		"number of gaps": {journal.Config{}, func(s *stream) {
			for range maxGaps + 3 {
				s.announce()
			}
		}, 2, 2},
		"truncated and emptied": {journal.Config{Size: 1}, func(s *stream) {
			s.add()
			s.add("alice")
			s.add("alice")
			s.Truncate(2)
			s.next = 2
			s.add("bob")
		}, 1, 1},
		"truncated, not emptied": {journal.Config{Size: 2}, func(s *stream) {
			s.add()
			for range 4 {
				s.add("alice") // 1 and 2 are dropped
			}
			s.Truncate(4)
			s.next = 4
			s.add("bob")
		}, 2, 0},
		"messages lost": {journal.Config{}, func(s *stream) {
			s.add("alice")
			s.next, s.lost = 2, true
			s.add("alice")
			s.add("bob")
		}, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, c.cfg)
			c.append(s)
			for uid, oldest := range map[event.UID]uint64{"alice": c.oldest, "bob": c.bob} {
				for after := range s.next {
					cursor, _, ok := s.Resume(uid, &waker{}, position(after))
					if ok != (after >= oldest) {
						t.Errorf("Resume of %s after %d = %v, want %v", uid, after, ok, !ok)
					}
					if ok {
						cursor.Close()
					}
				}
			}
		})
	}
}

func TestResume_RefusesPositionsThatAreNotHeld(t *testing.T) {
	s := newStream(t, journal.Config{})
	wantRefused(t, s.Journal, journal.Position{})
	s.next = 10
	s.add("alice")
	s.next = 13
	s.add("alice")
	for name, p := range map[string]journal.Position{
		"before the window": position(9),
		"other check":       {Offset: 13, Check: position(13).Check ^ 1},
		"in a hole":         position(11),
		"check of another":  {Offset: 13, Check: position(10).Check},
		"ahead":             position(14),
		"greatest":          {Offset: 1<<64 - 1, Check: 1},
		"zero":              {},
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, s.Journal, p) })
	}
}

func TestAhead_ComparesWithTheLastPosition(t *testing.T) {
	s := newStream(t, journal.Config{})
	if !s.Ahead(position(0)) {
		t.Error("Ahead() of an empty window = false, want true")
	}
	s.next = 10
	s.add()
	for offset, want := range map[uint64]bool{0: false, 9: false, 10: false, 11: true, journal.MaxOffset - 1: true} {
		if got := s.Ahead(position(offset)); got != want {
			t.Errorf("Ahead(%d) = %v, want %v", offset, got, want)
		}
	}
}

// A gap precedes the events of its message. A client that has seen only the gap has not
// seen the message, and so must get the gap again.
func TestGap_OfAMessageWithEventsHasThePositionBefore(t *testing.T) {
	s := newStream(t, journal.Config{})
	c, _ := s.SubscribeWithGaps("alice", &waker{})
	s.announce("alice", "bob")
	s.announce("bob")
	s.add("alice")
	s.announce()
	dst := make([]journal.Entry, 1)
	for i, want := range []struct {
		text string
		at   journal.Position
	}{
		{"gap 0", journal.Position{}}, // no message precedes it
		{"alice 0", position(0)},
		{"gap 1", position(0)},
		{"alice 2", position(2)},
		{"gap 3", position(3)},
	} {
		if _, reached := c.Reached(); reached {
			t.Errorf("Reached() with %d entries read = true, want false", i)
		}
		n, err := c.Read(dst)
		if n != 1 || err != nil || string(dst[0].Message) != want.text || dst[0].Position() != want.at {
			t.Errorf("read %d, %v, %q at %v; want %q at %v", n, err, dst[0].Message, dst[0].Position(), want.text, want.at)
		}
	}
	again, _, ok := s.Resume("alice", &waker{}, position(0))
	if !ok {
		t.Fatal("Resume at the position of a gap was refused")
	}
	wantTexts(t, again, "gap 1", "alice 2", "gap 3")
}

// I2: a cursor that does not read gaps before they are dropped falls behind.
func TestGaps_AreBounded(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	c, _ := s.SubscribeWithGaps("alice", &waker{})
	for range maxGaps {
		s.announce()
	}
	if n := len(readAll(t, c)); n != maxGaps {
		t.Errorf("%d gaps read, want %d", n, maxGaps)
	}
	for range maxGaps + 1 {
		s.announce()
	}
	wantBehind(t, c)
	aged, _ := s.SubscribeWithGaps("alice", &waker{})
	s.announce()
	s.wait(2 * time.Minute)
	s.add()
	wantBehind(t, aged)
}

func TestBefore_FindsTheNewestMatchBeforeTheCursor(t *testing.T) {
	s := newStream(t, journal.Config{Size: 100})
	s.add("alice")
	for range 3*lookBack - 1 {
		s.addLong("alice", 1)
	}
	c, _ := s.SubscribeWithGaps("alice", &waker{})
	s.announceTo("alice")
	any := func(*journal.Entry) bool { return true }
	kind := func(k event.Kind) func(*journal.Entry) bool {
		return func(e *journal.Entry) bool { return e.Kind == k }
	}
	want := func(match func(*journal.Entry) bool, offset uint64, found bool) {
		t.Helper()
		if e, ok := c.Before(match); ok != found || e.Offset != offset {
			t.Errorf("Before() = offset %d, %v; want %d, %v", e.Offset, ok, offset, found)
		}
	}
	want(any, s.next-2, true) // an unread entry is not before the cursor
	wantRead(t, c, s.next-1)
	want(any, s.next-2, true) // gaps do not count
	want(kind(event.Announcement), 0, false)
	want(kind(event.Trade), 0, true)
	looked := 0
	want(func(*journal.Entry) bool { looked++; return false }, 0, false)
	if looked != 3*lookBack {
		t.Errorf("match was called for %d entries, want %d", looked, 3*lookBack)
	}
	s.Truncate(5)
	want(any, 4, true)
	s.Truncate(0)
	want(any, 0, false)
}
