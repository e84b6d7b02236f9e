package amqp_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// tap reads one user's events as a session does that is never behind: on the
// goroutine that appends.
type tap struct {
	woken chan struct{}
	got   []journal.Entry // all that read has returned; owned by the test

	mu     sync.Mutex
	cursor *journal.Cursor // guarded by mu
	fresh  []journal.Entry // guarded by mu: what read returns next
	err    error           // guarded by mu
}

// Wake reads the new events.
func (t *tap) Wake(int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drainLocked()
	select {
	case t.woken <- struct{}{}:
	default:
	}
	return false
}

func (t *tap) drainLocked() {
	var room [256]journal.Entry
	for n := len(room); n == len(room) && t.err == nil; {
		n, t.err = t.cursor.Read(room[:])
		t.fresh = append(t.fresh, room[:n]...)
	}
}

// newTap returns a tap of the cursor that begin returns.
func newTap(tb testing.TB, begin func(journal.Waker) *journal.Cursor) *tap {
	tb.Helper()
	t := &tap{woken: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cursor = begin(t)
	tb.Cleanup(t.cursor.Close)
	return t
}

// tap returns a reader of a user's events.
func (n *node) tap(tb testing.TB, uid event.UID) *tap {
	tb.Helper()
	return newTap(tb, func(w journal.Waker) *journal.Cursor { return n.journal.Subscribe(uid, w) })
}

// tapWithGaps returns a reader of alice's events and of gaps.
func (n *node) tapWithGaps(tb testing.TB) *tap {
	tb.Helper()
	return newTap(tb, func(w journal.Waker) *journal.Cursor {
		c, _ := n.journal.SubscribeWithGaps(alice, w)
		return c
	})
}

// read reads the new events, and returns all that were read.
func (t *tap) read(tb testing.TB) []journal.Entry {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drainLocked()
	if t.err != nil {
		tb.Fatal(t.err)
	}
	t.got, t.fresh = append(t.got, t.fresh...), nil
	return t.got
}

// await reads until a message contains text, and returns all that were read.
func (t *tap) await(tb testing.TB, text string) []journal.Entry {
	tb.Helper()
	timeout := time.After(testenv.Patience)
	for seen := 0; ; {
		for _, e := range t.read(tb)[seen:] {
			seen++
			if strings.Contains(string(e.Message), text) {
				return t.got
			}
		}
		select {
		case <-t.woken:
		case <-timeout:
			tb.Fatalf("got %d messages, the last is %s, want one with %s", len(t.got), last(t.got), text)
		}
	}
}

func last(entries []journal.Entry) string {
	if len(entries) == 0 {
		return "none"
	}
	return string(entries[len(entries)-1].Message)
}

// resume returns a tap of alice's events and gaps after a position, as a client has
// that resumes there. It reports false if the journal no longer holds the position.
func (n *node) resume(tb testing.TB, after journal.Position) (t *tap, ok bool) {
	tb.Helper()
	t = &tap{woken: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cursor, _, ok = n.journal.Resume(alice, t, after)
	if ok {
		tb.Cleanup(t.cursor.Close)
	}
	return t, ok
}
