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

// Constants of the estimates and bounds, as the journal has them.
const (
	entryCost   = 72
	logCost     = 192
	messageCost = 4
	segmentCost = 128
	segmentSize = 8192
	segmentSpan = 1000
	lookBack    = 16
	maxGaps     = 1024
)

// stream appends to a journal as a source does, with a simulated clock.
type stream struct {
	*journal.Journal
	tb   testing.TB
	at   int64  // Unix ms
	next uint64 // offset of the next message
	lost bool   // messages were lost before it
	gap  []byte // the gap before its events
}

func newStream(tb testing.TB, cfg journal.Config) *stream {
	return &stream{Journal: journal.New(cfg), tb: tb, at: 1_700_000_000_000}
}

// position returns the position of the message at an offset.
func position(offset uint64) journal.Position {
	return journal.Position{Offset: offset, Check: event.Check(fmt.Appendf(nil, "body %d", offset))}
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
		s.tb.Fatalf("Append(%d) = false, want true", s.next)
	}
	s.next++
}

// addLong appends the next message, with an event of this many bytes for uid.
func (s *stream) addLong(uid event.UID, size int) {
	s.tb.Helper()
	e := event.Event{UID: uid, Kind: event.Order, Message: slices.Clip([]byte(strings.Repeat("x", size)))}
	if !s.Append(journal.Message{Position: position(s.next), At: s.at, Events: []event.Event{e}}) {
		s.tb.Fatalf("Append(%d) = false, want true", s.next)
	}
	s.next++
}

// wait advances the clock of the stream.
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

// logBytes returns the estimated memory of a user's log with messages of these sizes.
func logBytes(uid event.UID, sizes ...int) int64 {
	n := logCost + int64(len(uid))
	for _, size := range sizes {
		n += entryCost + held(size)
	}
	return n
}

// held returns the capacity of a copy of a message of this size.
func held(size int) int64 { return int64(cap(bytes.Clone(make([]byte, size)))) }

// waker counts its calls. Only the goroutine that appends may read the number.
type waker struct{ woken int }

func (w *waker) Wake(int) bool {
	w.woken++
	return false
}

// readAll reads everything that c has.
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

// wantRead reads everything and compares the offsets.
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

// wantTexts reads everything and compares the texts.
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

// wantResumed resumes alice after the message at an offset, compares the offsets that it
// reads, and closes the cursor.
func wantResumed(tb testing.TB, j *journal.Journal, after uint64, want ...uint64) {
	tb.Helper()
	c, until, ok := j.Resume("alice", &waker{}, position(after))
	if !ok {
		tb.Errorf("Resume of alice after %d was refused", after)
		return
	}
	defer c.Close()
	if last, _ := j.Last(); until != last {
		tb.Errorf("Resume is up to %v, want %v", until, last)
	}
	wantRead(tb, c, want...)
}

func wantRefused(tb testing.TB, j *journal.Journal, after journal.Position) {
	tb.Helper()
	logs := j.Logs()
	if c, until, ok := j.Resume("alice", &waker{}, after); ok || c != nil || until != (journal.Position{}) {
		tb.Errorf("Resume of alice after %v = %v, %v, %v; want a refusal", after, c, until, ok)
	}
	if j.Logs() != logs {
		tb.Errorf("%d logs after a refusal, want %d", j.Logs(), logs)
	}
}

// wantStats compares the stats without Age. want.Bytes is without the index.
func wantStats(tb testing.TB, j *journal.Journal, want journal.Stats) {
	tb.Helper()
	got := j.Stats()
	got.Age = 0
	want.Bytes += j.IndexBytes()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("stats (-want +got):\n%s", diff)
	}
}
