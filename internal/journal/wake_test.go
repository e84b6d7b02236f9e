package journal_test

import (
	"runtime"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// burst appends the next message at this ms, with more messages buffered or not, and an
// event for each of the users.
func (s *stream) burst(ms int64, more bool, users ...event.UID) {
	s.tb.Helper()
	m := journal.Message{Position: position(s.next), At: 1_700_000_000_000 + ms, MoreBuffered: more}
	for _, uid := range users {
		m.Events = append(m.Events, event.Event{UID: uid, Kind: event.Trade, Message: text(s.next, uid)})
	}
	if !s.Append(m) {
		s.tb.Fatalf("Append(%d) = false, want true", s.next)
	}
	s.next++
}

// eager is a waker that reads its cursor to the end when it is woken.
type eager struct {
	tb      testing.TB
	cursor  *journal.Cursor
	inline  bool  // what Wake returns
	inlined []int // of each call
	read    int   // entries
}

func (s *stream) eager(uid event.UID) *eager {
	s.tb.Helper()
	e := &eager{tb: s.tb}
	e.cursor, _ = s.SubscribeWithGaps(uid, e)
	return e
}

func (e *eager) Wake(inlined int) bool {
	e.inlined = append(e.inlined, inlined)
	e.read += len(readAll(e.tb, e.cursor))
	return e.inline
}

func (e *eager) woken() int { return len(e.inlined) }

// wantWoken compares how often a waker was called.
func wantWoken(tb testing.TB, when string, want, got int) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: woken %d times, want %d", when, got, want)
	}
}

// In a burst a cursor that was not woken within 5 ms is woken at once; others wait until
// the burst ends, or for 5 ms.
func TestWake_IsSharedInABurst(t *testing.T) {
	s := newStream(t, journal.Config{})
	busy, idle := s.eager("busy"), s.eager("idle")
	for _, step := range []struct {
		when       string
		ms         int64
		more       bool
		users      []event.UID
		busy, idle int
	}{
		{"the first of a burst", 0, true, []event.UID{"busy"}, 1, 0},
		{"within the burst", 1, true, []event.UID{"busy"}, 1, 0},
		{"another cursor too", 2, true, []event.UID{"busy", "idle"}, 1, 1},
		{"no event", 3, true, nil, 1, 1},
		{"the last one", 4, false, nil, 2, 1},
		{"no burst", 4, false, []event.UID{"busy"}, 3, 1},
		{"a burst at once", 5, true, []event.UID{"busy"}, 3, 1},
		{"it lasts", 9, true, []event.UID{"idle"}, 3, 2},
		{"for 5 ms", 10, true, nil, 4, 2},
		{"6 ms later", 16, true, []event.UID{"busy"}, 5, 2},
		{"1 ms later", 17, true, []event.UID{"busy"}, 5, 2},
		{"the clock was put back", -90_000, true, []event.UID{"idle"}, 6, 3},
		{"at the same time", -90_000, true, []event.UID{"busy"}, 6, 3},
		{"the end", -90_000, false, nil, 7, 3},
		{"put back once more", -180_000, true, []event.UID{"idle"}, 7, 4},
	} {
		s.burst(step.ms, step.more, step.users...)
		wantWoken(t, step.when+", busy", step.busy, busy.woken())
		wantWoken(t, step.when+", idle", step.idle, idle.woken())
	}
	if busy.read != 8 {
		t.Errorf("%d entries read, want 8", busy.read)
	}
}

// EndBatch, and a refused message that is the last one, wake late cursors once.
func TestEndBatch_WakesLateCursors(t *testing.T) {
	s := newStream(t, journal.Config{})
	one, other := s.eager("alice"), s.eager("alice")
	for range 3 {
		s.burst(0, true, "alice")
	}
	wantWoken(t, "in the burst", 1, one.woken())
	s.EndBatch()
	wantWoken(t, "after it", 2, one.woken())
	wantWoken(t, "after it, another cursor", 2, other.woken())
	s.EndBatch()
	wantWoken(t, "after the next one", 2, one.woken())
	s.burst(1, true, "alice")
	s.Append(journal.Message{Position: position(0), MoreBuffered: true})
	wantWoken(t, "after a refused message", 2, one.woken())
	s.Append(journal.Message{Position: position(0)})
	wantWoken(t, "after the last refused message", 3, one.woken())
}

// Gaps of all users share wake-ups as events do.
func TestWake_OfGapsIsSharedInABurst(t *testing.T) {
	s := newStream(t, journal.Config{})
	alice := s.eager("alice")
	s.burst(0, true, "alice")
	s.Append(journal.Message{Position: position(1), At: 1_700_000_000_001, MoreBuffered: true, Gap: []byte("gap")})
	wantWoken(t, "in the burst", 1, alice.woken())
	s.EndBatch()
	wantWoken(t, "after it", 2, alice.woken())
}

// A cursor is woken once for all that comes until it has read everything, events and
// gaps alike.
func TestWake_IsOnceUntilEverythingIsRead(t *testing.T) {
	s := newStream(t, journal.Config{})
	w := &waker{}
	c, _ := s.SubscribeWithGaps("alice", w)
	for n := range 5 {
		s.add("alice")
		s.add("bob")
		s.add("alice")
		s.announce("alice")
		s.announce()
		wantWoken(t, "before everything is read", n+1, w.woken)
		if k, err := c.Read(make([]journal.Entry, 5)); k != 5 || err != nil {
			t.Fatalf("Read() = %d, %v; want 5, nil", k, err)
		}
		s.add("bob")
		s.announce()
		s.add("alice")
		wantWoken(t, "when a part is read", n+1, w.woken)
		readAll(t, c)
	}
	wantTexts(t, c)
	s.announce()
	wantWoken(t, "by a gap", 6, w.woken)
	s.announce("alice")
	wantWoken(t, "by another gap", 6, w.woken)
}

// A cursor that does not read is woken again before its log drops unread entries: each
// time that a quarter of the log's bound has been added.
func TestWake_IsRepeatedBeforeTheLogOverflows(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    journal.Config
		length int
		most   int // events that may wait
	}{
		"many":    {journal.Config{Size: 100}, 10, 25},
		"large":   {journal.Config{Memory: 1 << 20}, 1000, 5},
		"smaller": {journal.Config{Size: 3}, 1000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, tt.cfg)
			w := &waker{}
			c := s.Subscribe("fast", w)
			unread := 0
			for woken := 1; s.next < 1000; {
				s.Append(journal.Message{
					Position: position(s.next), At: 1_700_000_000_000,
					Events: []event.Event{{UID: "fast", Message: make([]byte, tt.length)}},
				})
				s.next++
				unread++
				if w.woken > woken { // the second call since it was read
					readAll(t, c)
					woken, unread = w.woken+1, 0
				}
				if unread > tt.most+1 {
					t.Fatalf("%d events wait, want at most %d", unread, tt.most+1)
				}
			}
		})
	}
}

// inlined counts the wakers that have reported inline work since the last EndBatch,
// also late ones.
func TestWake_InlinedIsPerBatch(t *testing.T) {
	s := newStream(t, journal.Config{})
	a, b, c := s.eager("a"), s.eager("b"), s.eager("c")
	a.inline, c.inline = true, true
	want := func(when string, e *eager, want int) {
		t.Helper()
		if got := e.inlined[len(e.inlined)-1]; got != want {
			t.Errorf("%s: inlined is %d, want %d", when, got, want)
		}
	}
	s.burst(0, true, "a")
	want("the first", a, 0)
	s.burst(0, true, "b")
	want("after one", b, 1)
	s.burst(0, true, "c", "a")
	want("after one that did not", c, 1)
	s.EndBatch()
	want("a late one", a, 2)
	s.burst(9, true, "b", "a")
	want("after EndBatch", b, 0)
	s.burst(9, true, "b")
	s.burst(9, false)
	want("a late one at the end of the batch", b, 1)
	s.burst(18, false, "a")
	want("in the next batch", a, 0)
}

// I7: the journal does not keep a cursor that was closed while it waited to be woken.
func TestWake_ClosedLateCursorIsFreed(t *testing.T) {
	s := newStream(t, journal.Config{})
	gone := make(chan struct{})
	func() {
		e := s.eager("alice")
		runtime.AddCleanup(e, func(gone chan struct{}) { close(gone) }, gone)
		s.burst(0, true, "alice")
		s.burst(0, true, "alice")
		e.cursor.Close()
		s.EndBatch()
	}()
	for range 3 {
		runtime.GC()
	}
	select {
	case <-gone:
	case <-time.After(testenv.Patience):
		t.Error("the waker of a closed cursor was not freed")
	}
	runtime.KeepAlive(s)
}

// The caller may change a message after Append.
func TestAppend_CopiesMessages(t *testing.T) {
	s := newStream(t, journal.Config{})
	c := s.Subscribe("alice", &waker{})
	message := []byte("as it was")
	s.Append(journal.Message{Events: []event.Event{{UID: "alice", Message: message}}})
	copy(message, "overwritten")
	wantTexts(t, c, "as it was")
}
