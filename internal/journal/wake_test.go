package journal_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
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

// paced appends the next message at this ms, with an event for each of the users, as
// who calls Flush does.
func (s *stream) paced(ms int64, users ...event.UID) {
	s.tb.Helper()
	m := journal.Message{Position: position(s.next), At: 1_700_000_000_000 + ms, Paced: true}
	for _, uid := range users {
		m.Events = append(m.Events, event.Event{UID: uid, Kind: event.Trade, Message: text(s.next, uid)})
	}
	if !s.Append(m) {
		s.tb.Fatalf("offset %d was refused", s.next)
	}
	s.next++
}

// Whoever gets very many events is woken by Flush alone, for all of them, and at once
// again when they have become few; whoever gets fewer is woken for each.
func TestFastRest(t *testing.T) {
	s := newStream(t, journal.Config{})
	fast, half, other := &waker{}, &waker{}, &waker{}
	s.Subscribe("fast", fast)
	s.Subscribe("half", half)
	s.Subscribe("other", other)
	ms := int64(0)
	for ; !s.Resting(); ms++ { // 1,000 a second
		s.paced(ms, "fast")
		if ms > 100 {
			t.Fatal("nobody rests")
		}
	}
	if fast.woken < 20 || fast.woken > 40 {
		t.Errorf("woken %d times before the first rest, want some 30", fast.woken)
	}
	for end := ms + 1000; ms < end; ms++ {
		if ms%10 == 0 {
			s.Flush()
			wantWaiting(t, s, false)
		}
		if ms%4 == 0 { // 250 a second
			s.paced(ms, "fast", "other")
		} else {
			s.paced(ms, "fast")
		}
	}
	wantWoken(t, "250 a second", 250, other.woken)
	if fast.woken < 120 || fast.woken > 140 {
		t.Errorf("woken %d times, want some 30 and once each Flush", fast.woken)
	}
	s.Flush()
	fast.woken = 0
	for range 10 {
		for range 10 { // 500 a second
			ms += 2
			s.paced(ms, "fast", "half")
		}
		wantWaiting(t, s, true)
		s.Flush()
	}
	wantWoken(t, "500 a second after 1,000", 10, fast.woken)
	wantWoken(t, "500 a second", 100, half.woken)
	for range 20 { // 200 a second
		ms += 5
		s.paced(ms, "fast")
	}
	s.Flush()
	fast.woken = 0
	for range 20 {
		ms += 5
		s.paced(ms, "fast")
	}
	wantWoken(t, "200 a second", 20, fast.woken)
	wantWaiting(t, s, false)
}

// Nobody rests until their log drops what they have not read.
func TestNobodyRestsForTooLong(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    journal.Config
		length int
		most   int // how many events may wait
	}{
		"many":  {journal.Config{Size: 100}, 10, 25},
		"large": {journal.Config{Memory: 1 << 20}, 1000, 6},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, tt.cfg)
			w := &waker{}
			c := s.Subscribe("fast", w)
			rested := false
			for woken, unread := 0, 0; s.next < 1000; {
				s.Append(journal.Message{
					Position: position(s.next), At: 1_700_000_000_000, Paced: true,
					Events: []event.Event{{UID: "fast", Message: make([]byte, tt.length)}},
				})
				s.next++
				unread++
				if w.woken > woken {
					readAll(t, c)
					woken, unread = w.woken, 0
				}
				rested = rested || unread > 1
				if unread > tt.most {
					t.Fatalf("%d events wait, want at most %d", unread, tt.most)
				}
			}
			if !rested {
				t.Error("nobody ever rested")
			}
		})
	}
}

// Without somebody who calls Flush nobody rests, however many events come.
func TestNobodyRestsUnpaced(t *testing.T) {
	s := newStream(t, journal.Config{})
	w := &waker{}
	s.Subscribe("fast", w)
	for range 1000 {
		s.burst(0, false, "fast")
	}
	wantWoken(t, "each time", 1000, w.woken)
	wantWaiting(t, s, false)
}

func wantWaiting(tb testing.TB, s *stream, want bool) {
	tb.Helper()
	if got := s.Resting(); got != want {
		tb.Errorf("somebody rests: %t, want %t", got, want)
	}
}

// idler counts how often it was woken at leisure.
type idler struct{ leisure, woken int }

func (i *idler) Wake(leisure bool) {
	i.woken++
	if leisure {
		i.leisure++
	}
}

// A few are woken at leisure between two pauses, whatever else is at hand; also those
// whose event has waited for what followed.
func TestLeisure(t *testing.T) {
	s := newStream(t, journal.Config{})
	all := make([]idler, s.Few()+3)
	users := make([]event.UID, len(all))
	for i := range all {
		users[i] = event.UID(strconv.Itoa(i))
		s.Subscribe(users[i], &all[i])
	}
	last := len(all) - 1
	s.burst(0, true, users[:2]...)
	s.burst(0, true, users[2:last]...)
	for i := range last {
		want := 0
		if i < s.Few() {
			want = 1
		}
		if all[i].woken != 1 || all[i].leisure != want {
			t.Errorf("%d: woken %d times, %d at leisure, want once, %d", i, all[i].woken, all[i].leisure, want)
		}
	}
	s.Pause()
	s.burst(0, true, users[last], users[0])
	if all[last].leisure != 1 {
		t.Error("after a pause nobody is woken at leisure")
	}
	s.burst(1, false)
	if all[0].woken != 2 || all[0].leisure != 2 {
		t.Errorf("behind the last one: woken %d times, %d at leisure, want twice", all[0].woken, all[0].leisure)
	}
}

// Whoever gets many events is woken at leisure only as one of the first, and takes
// nobody's place when not.
func TestBusyLeisure(t *testing.T) {
	s := newStream(t, journal.Config{})
	var busy, idle idler
	s.Subscribe("busy", &busy)
	s.Subscribe("idle", &idle)
	var firsts [journal.Fewest]event.UID
	for i := range firsts {
		firsts[i] = event.UID(strconv.Itoa(i))
		s.Subscribe(firsts[i], &idler{})
	}
	for range s.Few() {
		s.Subscribe("crowd", &idler{})
	}
	for range 20 {
		s.burst(0, false, "busy", "crowd")
	}
	s.burst(6, true, append(firsts[:], "busy", "crowd", "idle")...)
	if busy.woken != 21 || busy.leisure != 20 {
		t.Errorf("who gets many was woken %d times, %d at leisure, want 21, 20", busy.woken, busy.leisure)
	}
	if idle.woken != 1 || idle.leisure != 1 {
		t.Errorf("who gets few was woken %d times, %d at leisure, want once", idle.woken, idle.leisure)
	}
}

// Where there are more processors the work is shared sooner.
func TestFew(t *testing.T) {
	for procs, want := range map[int]int{1: 200, 2: 100, 8: 25, 64: 4, 256: 4} {
		if got := journal.FewFor(procs); got != want {
			t.Errorf("%d processors: %d, want %d", procs, got, want)
		}
	}
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
	case <-time.After(testenv.Patience):
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
