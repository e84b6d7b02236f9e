package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// stream feeds a journal as a source does, with a clock of its own.
type stream struct {
	*journal.Journal
	tb   testing.TB
	at   int64  // Unix ms
	next uint64 // offset of the next message
	lost bool   // messages before it
	gap  []byte // before its events
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
	m := journal.Message{Position: position(s.next), At: s.at, Lost: s.lost, Gap: s.gap}
	s.lost, s.gap = false, nil
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
	e := event.Event{UID: uid, Kind: event.Order, Message: slices.Clip([]byte(strings.Repeat("x", size)))}
	if !s.Append(journal.Message{Position: position(s.next), At: s.at, Events: []event.Event{e}}) {
		s.tb.Fatalf("offset %d was refused", s.next)
	}
	s.next++
}

// wait lets the stream's clock go on.
func (s *stream) wait(d time.Duration) { s.at += d.Milliseconds() }

func text(offset uint64, uid event.UID) []byte {
	return slices.Clip(fmt.Appendf(nil, "%s %d", uid, offset))
}

// announce appends the next message, with events for the users and a gap before
// them.
func (s *stream) announce(users ...event.UID) {
	s.tb.Helper()
	s.gap = fmt.Appendf(nil, "gap %d", s.next)
	s.add(users...)
}

// logBytes is what a user's log is reckoned to take that holds messages of these
// sizes.
func logBytes(uid event.UID, sizes ...int) int64 {
	n := journal.LogCost + int64(len(uid))
	for _, size := range sizes {
		n += journal.EntryCost + held(size)
	}
	return n
}

// held is what the allocator gives for the copy of a message of this size.
func held(size int) int64 { return int64(cap(bytes.Clone(make([]byte, size)))) }

// waker counts how often it was woken. The journal's goroutine alone may look.
type waker struct{ woken int }

func (w *waker) Wake(bool) { w.woken++ }

// readAll reads all that c has.
func readAll(tb testing.TB, c *journal.Cursor) (got []journal.Entry) {
	tb.Helper()
	dst := make([]journal.Entry, 3)
	for {
		n, err := c.Read(dst)
		if err != nil {
			tb.Fatalf("read after %d entries: %v", len(got), err)
		}
		if n == 0 {
			return got
		}
		got = append(got, dst[:n]...)
	}
}

// wantRead reads all that c has and compares the offsets.
func wantRead(tb testing.TB, c *journal.Cursor, want ...uint64) {
	tb.Helper()
	var got []uint64
	for _, e := range readAll(tb, c) {
		got = append(got, e.Offset)
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

// wantTexts reads all that c has and compares the texts.
func wantTexts(tb testing.TB, c *journal.Cursor, want ...string) {
	tb.Helper()
	var got []string
	for _, e := range readAll(tb, c) {
		got = append(got, string(e.Message))
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		tb.Errorf("texts read (-want +got):\n%s", diff)
	}
}

// wantResumed resumes alice after the message at an offset, and closes the cursor when
// it has read what is wanted.
func wantResumed(tb testing.TB, j *journal.Journal, after uint64, want ...uint64) {
	tb.Helper()
	c, until, ok := j.Resume("alice", &waker{}, position(after))
	if !ok {
		tb.Errorf("alice cannot resume after %d", after)
		return
	}
	defer c.Close()
	if last, _ := j.Last(); until != last {
		tb.Errorf("what was there is up to %v, want %v", until, last)
	}
	wantRead(tb, c, want...)
}

func wantRefused(tb testing.TB, j *journal.Journal, after journal.Position) {
	tb.Helper()
	logs := j.Logs()
	if c, until, ok := j.Resume("alice", &waker{}, after); ok || c != nil || until != (journal.Position{}) {
		tb.Errorf("alice resumed after %v, want a refusal", after)
	}
	if j.Logs() != logs {
		tb.Error("a refusal left a log behind")
	}
}

// wantStats compares what does not hang on the real clock. The bytes wanted are
// those of the logs.
func wantStats(tb testing.TB, j *journal.Journal, want journal.Stats) {
	tb.Helper()
	got := j.Stats()
	got.Age = 0
	want.Bytes += j.SpineBytes()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("stats (-want +got):\n%s", diff)
	}
}
