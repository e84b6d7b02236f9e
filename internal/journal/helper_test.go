package journal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// stream feeds a journal as a source does, with a clock of its own.
type stream struct {
	*journal.Journal
	tb   testing.TB
	at   int64  // Unix ms
	next uint64 // offset of the next message
	gap  bool   // before it
}

func newStream(tb testing.TB, cfg journal.Config) *stream {
	return &stream{Journal: journal.New(cfg), tb: tb, at: 1_700_000_000_000}
}

// position is that of the message at an offset.
func position(offset uint64) journal.Position {
	return journal.Position{Offset: offset, Check: journal.Check(fmt.Appendf(nil, "body %d", offset))}
}

// add appends the next message, with an event for each of the users.
func (s *stream) add(users ...event.UID) {
	s.tb.Helper()
	m := journal.Message{Position: position(s.next), At: s.at, Gap: s.gap}
	s.gap = false
	for _, uid := range users {
		m.Events = append(m.Events, event.Event{UID: uid, Kind: event.Trade, Message: text(s.next, uid)})
	}
	if !s.Append(m) {
		s.tb.Fatalf("offset %d was refused", s.next)
	}
	s.next++
}

// addLong appends the next message, with an event of this many bytes for uid.
func (s *stream) addLong(uid event.UID, size int) {
	s.tb.Helper()
	e := event.Event{UID: uid, Kind: event.Order, Message: []byte(strings.Repeat("x", size))}
	if !s.Append(journal.Message{Position: position(s.next), At: s.at, Events: []event.Event{e}}) {
		s.tb.Fatalf("offset %d was refused", s.next)
	}
	s.next++
}

// wait lets the stream's clock go on.
func (s *stream) wait(d time.Duration) { s.at += d.Milliseconds() }

func text(offset uint64, uid event.UID) []byte { return fmt.Appendf(nil, "%s %d", uid, offset) }

// waker counts how often it was woken.
type waker struct{ woken int }

func (w *waker) Wake() { w.woken++ }

// wantRead reads all that c has and compares the offsets.
func wantRead(tb testing.TB, c *journal.Cursor, want ...uint64) {
	tb.Helper()
	var got []uint64
	dst := make([]journal.Entry, 3)
	for {
		n, err := c.Read(dst)
		if err != nil {
			tb.Fatalf("read after %d: %v", got, err)
		}
		for _, e := range dst[:n] {
			got = append(got, e.Offset)
		}
		if n == 0 {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("offsets read (-want +got):\n%s", diff)
	}
}

func wantBehind(tb testing.TB, c *journal.Cursor) {
	tb.Helper()
	if n, err := c.Read(make([]journal.Entry, 3)); !errors.Is(err, journal.ErrBehind) || n != 0 {
		tb.Errorf("Read() = %d, %v; want 0, ErrBehind", n, err)
	}
}

// wantStats compares what does not hang on the real clock.
func wantStats(tb testing.TB, j *journal.Journal, want journal.Stats) {
	tb.Helper()
	got := j.Stats()
	got.Age = 0
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("stats (-want +got):\n%s", diff)
	}
}
