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
		{"another cursor too", 2, true, []event.UID{"busy", "idle"}, 1, 1},
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

// FlushThrottled, and a refused message that is the last one, wake late cursors once.
func TestFlushThrottled_WakesLateCursors(t *testing.T) {
	s := newStream(t, journal.Config{})
	w, other := &waker{}, &waker{}
	s.Subscribe("alice", w)
	s.Subscribe("alice", other)
	for range 3 {
		s.burst(0, true, "alice")
	}
	wantWoken(t, "in the burst", 1, w.woken)
	s.FlushThrottled()
	wantWoken(t, "flushed", 2, w.woken)
	wantWoken(t, "flushed, the other", 2, other.woken)
	s.FlushThrottled()
	wantWoken(t, "flushed again", 2, w.woken)
	s.burst(1, true, "alice")
	s.Append(journal.Message{Position: position(0), MoreBuffered: true})
	wantWoken(t, "refused", 2, w.woken)
	s.Append(journal.Message{Position: position(0)})
	wantWoken(t, "refused, the last", 3, w.woken)
}

// Gaps of all users share wake-ups as events do.
func TestWake_OfGapsIsSharedInABurst(t *testing.T) {
	s := newStream(t, journal.Config{})
	w := &waker{}
	s.SubscribeWithGaps("alice", w)
	s.burst(0, true, "alice")
	s.Append(journal.Message{Position: position(1), At: 1_700_000_000_001, MoreBuffered: true, Gap: []byte("gap")})
	wantWoken(t, "in the burst", 1, w.woken)
	s.FlushThrottled()
	wantWoken(t, "flushed", 2, w.woken)
}

// paced appends the next message at this ms, with an event for each of the users, as a
// caller of FlushThrottled does.
func (s *stream) paced(ms int64, users ...event.UID) {
	s.tb.Helper()
	m := journal.Message{Position: position(s.next), At: 1_700_000_000_000 + ms, Throttle: true}
	for _, uid := range users {
		m.Events = append(m.Events, event.Event{UID: uid, Kind: event.Trade, Message: text(s.next, uid)})
	}
	if !s.Append(m) {
		s.tb.Fatalf("Append(%d) = false, want true", s.next)
	}
	s.next++
}

// A cursor above 750 events/s is woken only by FlushThrottled, until it is below 250
// events/s; one below 750 events/s is woken for each event.
func TestThrottle_Above750EventsPerSecond(t *testing.T) {
	s := newStream(t, journal.Config{})
	fast, half, other := &waker{}, &waker{}, &waker{}
	s.Subscribe("fast", fast)
	s.Subscribe("half", half)
	s.Subscribe("other", other)
	ms := int64(0)
	for ; !s.HasThrottled(); ms++ { // 1,000 a second
		s.paced(ms, "fast")
		if ms > 100 {
			t.Fatal("HasThrottled() = false after 100 events at 1,000 events/s")
		}
	}
	if fast.woken < 20 || fast.woken > 40 {
		t.Errorf("woken %d times before it was throttled, want about 30", fast.woken)
	}
	for end := ms + 1000; ms < end; ms++ {
		if ms%10 == 0 {
			s.FlushThrottled()
			wantThrottled(t, s, false)
		}
		if ms%4 == 0 { // 250 a second
			s.paced(ms, "fast", "other")
		} else {
			s.paced(ms, "fast")
		}
	}
	wantWoken(t, "250 a second", 250, other.woken)
	if fast.woken < 120 || fast.woken > 140 {
		t.Errorf("woken %d times, want about 30 and once per FlushThrottled", fast.woken)
	}
	s.FlushThrottled()
	fast.woken = 0
	for range 10 {
		for range 10 { // 500 a second
			ms += 2
			s.paced(ms, "fast", "half")
		}
		wantThrottled(t, s, true)
		s.FlushThrottled()
	}
	wantWoken(t, "500 a second after 1,000", 10, fast.woken)
	wantWoken(t, "500 a second", 100, half.woken)
	for range 20 { // 200 a second
		ms += 5
		s.paced(ms, "fast")
	}
	s.FlushThrottled()
	fast.woken = 0
	for range 20 {
		ms += 5
		s.paced(ms, "fast")
	}
	wantWoken(t, "200 a second", 20, fast.woken)
	wantThrottled(t, s, false)
}

// A throttled cursor is woken before its log drops what it has not read.
func TestThrottle_EndsBeforeTheLogOverflows(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    journal.Config
		length int
		most   int // events that may wait
	}{
		"many":  {journal.Config{Size: 100}, 10, 25},
		"large": {journal.Config{Memory: 1 << 20}, 1000, 6},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, tt.cfg)
			w := &waker{}
			c := s.Subscribe("fast", w)
			waited := false
			for woken, unread := 0, 0; s.next < 1000; {
				s.Append(journal.Message{
					Position: position(s.next), At: 1_700_000_000_000, Throttle: true,
					Events: []event.Event{{UID: "fast", Message: make([]byte, tt.length)}},
				})
				s.next++
				unread++
				if w.woken > woken {
					readAll(t, c)
					woken, unread = w.woken, 0
				}
				waited = waited || unread > 1
				if unread > tt.most {
					t.Fatalf("%d events wait, want at most %d", unread, tt.most)
				}
			}
			if !waited {
				t.Error("the cursor was never throttled")
			}
		})
	}
}

// Without Message.Throttle no cursor is throttled, however many events come.
func TestThrottle_OnlyIfRequested(t *testing.T) {
	s := newStream(t, journal.Config{})
	w := &waker{}
	s.Subscribe("fast", w)
	for range 1000 {
		s.burst(0, false, "fast")
	}
	wantWoken(t, "each time", 1000, w.woken)
	wantThrottled(t, s, false)
}

func wantThrottled(tb testing.TB, s *stream, want bool) {
	tb.Helper()
	if got := s.HasThrottled(); got != want {
		tb.Errorf("HasThrottled() = %t, want %t", got, want)
	}
}

// inliner counts its calls, and those with inline.
type inliner struct{ inline, woken int }

func (i *inliner) Wake(inline bool) {
	i.woken++
	if inline {
		i.inline++
	}
}

// Between two calls of EndBatch as many wakers may write inline as the budget allows,
// also late ones.
func TestWake_InlineBudgetIsPerBatch(t *testing.T) {
	s := newStream(t, journal.Config{})
	all := make([]inliner, s.InlineBudget()+3)
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
		if i < s.InlineBudget() {
			want = 1
		}
		if all[i].woken != 1 || all[i].inline != want {
			t.Errorf("cursor %d was woken %d times, %d inline; want once, %d inline", i, all[i].woken, all[i].inline, want)
		}
	}
	s.EndBatch()
	s.burst(0, true, users[last], users[0])
	if all[last].inline != 1 {
		t.Errorf("after EndBatch woken %d times inline, want once", all[last].inline)
	}
	s.burst(1, false)
	if all[0].woken != 2 || all[0].inline != 2 {
		t.Errorf("after the batch: woken %d times, %d inline; want both twice", all[0].woken, all[0].inline)
	}
}

// A cursor above 250 events/s is woken inline only as one of the first, and otherwise
// does not count for the budget.
func TestWake_BusyCursorsHaveASmallerInlineBudget(t *testing.T) {
	s := newStream(t, journal.Config{})
	var busy, idle inliner
	s.Subscribe("busy", &busy)
	s.Subscribe("idle", &idle)
	var firsts [journal.MinInline]event.UID
	for i := range firsts {
		firsts[i] = event.UID(strconv.Itoa(i))
		s.Subscribe(firsts[i], &inliner{})
	}
	for range s.InlineBudget() {
		s.Subscribe("crowd", &inliner{})
	}
	for range 20 {
		s.burst(0, false, "busy", "crowd")
	}
	s.burst(6, true, append(firsts[:], "busy", "crowd", "idle")...)
	if busy.woken != 21 || busy.inline != 20 {
		t.Errorf("the busy cursor was woken %d times, %d inline; want 21, 20", busy.woken, busy.inline)
	}
	if idle.woken != 1 || idle.inline != 1 {
		t.Errorf("the idle cursor was woken %d times, %d inline; want both once", idle.woken, idle.inline)
	}
}

// With more processors the work is shared sooner.
func TestInlineBudget_OfProcessors(t *testing.T) {
	for procs, want := range map[int]int{1: 200, 2: 100, 8: 25, 64: 4, 256: 4} {
		if got := journal.InlineBudgetOf(procs); got != want {
			t.Errorf("the budget with %d processors is %d, want %d", procs, got, want)
		}
	}
}

// I7: the journal does not keep a cursor that was closed while it waited to be woken.
func TestWake_ClosedLateCursorIsFreed(t *testing.T) {
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
		s.FlushThrottled()
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
