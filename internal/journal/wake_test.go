package journal_test

import (
	"runtime"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// burst appends the next message at this ms, behind which there is more or not,
// with an event for each of the users.
func (s *stream) burst(ms int64, more bool, users ...event.UID) {
	s.tb.Helper()
	m := journal.Message{Position: position(s.next), At: 1_700_000_000_000 + ms, More: more}
	for _, uid := range users {
		m.Events = append(m.Events, event.Event{UID: uid, Kind: event.Trade, Message: text(s.next, uid)})
	}
	if !s.Append(m) {
		s.tb.Fatalf("offset %d was refused", s.next)
	}
	s.next++
}

// wantWoken compares how often who was woken.
func wantWoken(tb testing.TB, when string, want, got int) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: woken %d times, want %d", when, got, want)
	}
}

// Who was not woken of late is woken at once, also in a burst; whoever was rests
// until it ends, or for five milliseconds.
func TestWakingRests(t *testing.T) {
	s := newStream(t, journal.Config{})
	busy, idle := &waker{}, &waker{}
	c := s.Subscribe("busy", busy)
	s.Subscribe("idle", idle)
	for _, step := range []struct {
		when       string
		ms         int64
		more       bool
		users      []event.UID
		busy, idle int
	}{
		{"the first of a burst", 0, true, []event.UID{"busy"}, 1, 0},
		{"within the burst", 1, true, []event.UID{"busy"}, 1, 0},
		{"also who was idle", 2, true, []event.UID{"busy", "idle"}, 1, 1},
		{"nothing for them", 3, true, nil, 1, 1},
		{"the last one", 4, false, nil, 2, 1},
		{"no burst", 4, false, []event.UID{"busy"}, 3, 1},
		{"a burst at once", 5, true, []event.UID{"busy"}, 3, 1},
		{"it lasts", 9, true, []event.UID{"idle"}, 3, 2},
		{"for long", 10, true, nil, 4, 2},
		{"long after", 16, true, []event.UID{"busy"}, 5, 2},
		{"again", 17, true, []event.UID{"busy"}, 5, 2},
		{"the clock was put back", -90_000, true, []event.UID{"idle"}, 6, 3},
		{"and on", -90_000, true, []event.UID{"busy"}, 6, 3},
		{"its end", -90_000, false, nil, 7, 3},
		{"put back once more", -180_000, true, []event.UID{"idle"}, 7, 4},
	} {
		s.burst(step.ms, step.more, step.users...)
		wantWoken(t, step.when+", busy", step.busy, busy.woken)
		wantWoken(t, step.when+", idle", step.idle, idle.woken)
	}
	if n := len(readAll(t, c)); n != 8 {
		t.Errorf("%d entries, want 8", n)
	}
}

// Whoever rests is woken once by Flush, and by a message that is refused and the
// last one.
func TestFlush(t *testing.T) {
	s := newStream(t, journal.Config{})
	w, other := &waker{}, &waker{}
	s.Subscribe("alice", w)
	s.Subscribe("alice", other)
	for range 3 {
		s.burst(0, true, "alice")
	}
	wantWoken(t, "in the burst", 1, w.woken)
	s.Flush()
	wantWoken(t, "flushed", 2, w.woken)
	wantWoken(t, "flushed, the other", 2, other.woken)
	s.Flush()
	wantWoken(t, "flushed again", 2, w.woken)
	s.burst(1, true, "alice")
	s.Append(journal.Message{Position: position(0), More: true})
	wantWoken(t, "refused", 2, w.woken)
	s.Append(journal.Message{Position: position(0)})
	wantWoken(t, "refused, the last", 3, w.woken)
}

// An announcement to everybody rests with the events.
func TestAnnouncementsRest(t *testing.T) {
	s := newStream(t, journal.Config{})
	w := &waker{}
	s.Follow("alice", w)
	s.burst(0, true, "alice")
	s.Append(journal.Message{Position: position(1), At: 1_700_000_000_001, More: true, Gap: []byte("gap")})
	wantWoken(t, "in the burst", 1, w.woken)
	s.Flush()
	wantWoken(t, "flushed", 2, w.woken)
}

// I7: a cursor that is closed while it waits to be woken is let go of.
func TestLateCursorIsLetGo(t *testing.T) {
	s := newStream(t, journal.Config{})
	gone := make(chan struct{})
	func() {
		w := &struct {
			waker

			_ [64]byte
		}{}
		runtime.AddCleanup(w, func(gone chan struct{}) { close(gone) }, gone)
		c := s.Subscribe("alice", w)
		s.burst(0, true, "alice")
		s.burst(0, true, "alice")
		c.Close()
		s.Flush()
	}()
	for range 3 {
		runtime.GC()
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the journal holds on to a cursor that was closed")
	}
	runtime.KeepAlive(s)
}

// What Append is given is the caller's again.
func TestAppendCopies(t *testing.T) {
	s := newStream(t, journal.Config{})
	c := s.Subscribe("alice", &waker{})
	message := []byte("as it was")
	s.Append(journal.Message{Events: []event.Event{{UID: "alice", Message: message}}})
	copy(message, "overwritten")
	wantTexts(t, c, "as it was")
}
