package journal_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// RFC 3720 appendix B.4.
func TestCheck(t *testing.T) {
	ascending := make([]byte, 32)
	for i := range ascending {
		ascending[i] = byte(i)
	}
	for name, c := range map[string]struct {
		body []byte
		want uint32
	}{
		"zeroes":    {make([]byte, 32), 0x8a9136aa},
		"ones":      {bytes.Repeat([]byte{0xff}, 32), 0x62a8ab43},
		"ascending": {ascending, 0x46dd794e},
		"digits":    {[]byte("123456789"), 0xe3069283},
		"empty":     {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := journal.Check(c.body); got != c.want {
				t.Errorf("Check() = %08x, want %08x", got, c.want)
			}
		})
	}
}

func TestPositionText(t *testing.T) {
	p := journal.Position{Offset: 41, Check: 0x9f3c2a1}
	const want = "41.09f3c2a1"
	if got := p.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("caught up", "position", p)
	if !strings.Contains(b.String(), "position="+want) {
		t.Errorf("the log says %q, want position=%s in it", b.String(), want)
	}
}

func TestHolds(t *testing.T) {
	s := newStream(t, journal.Config{})
	s.next = 100
	for range 3*journal.SegmentSize + 5 { // within one second
		s.add()
	}
	s.wait(5 * time.Second)
	s.add()
	last := s.next - 1
	for name, c := range map[string]struct {
		position journal.Position
		want     bool
	}{
		"first":              {position(100), true},
		"end of a segment":   {position(100 + journal.SegmentSize - 1), true},
		"start of a segment": {position(100 + journal.SegmentSize), true},
		"last of a second":   {position(last - 1), true},
		"last":               {position(last), true},
		"before the window":  {position(99), false},
		"ahead":              {position(last + 1), false},
		"far ahead":          {position(1 << 62), false},
		"other check":        {journal.Position{Offset: 150, Check: position(150).Check ^ 1}, false},
		"zero":               {journal.Position{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.Holds(c.position); got != c.want {
				t.Errorf("Holds(%v) = %v, want %v", c.position, got, c.want)
			}
		})
	}
}

// A stream that was deleted and made anew counts from 0 again.
func TestResetInvalidatesPositions(t *testing.T) {
	s := newStream(t, journal.Config{})
	c := s.Subscribe("alice", &waker{})
	s.add("alice")
	s.add("alice")
	s.Reset()
	if _, ok := s.Last(); ok {
		t.Error("there is a last position after Reset")
	}
	if s.Holds(position(1)) {
		t.Error("a position of the old stream holds before there is a new one")
	}

	other := journal.Message{Position: journal.Position{Offset: 1, Check: 1}, At: s.at}
	other.Events = append(other.Events, event.Event{UID: "alice", Message: []byte("after the reset")})
	if !s.Append(other) {
		t.Fatal("the new stream was refused")
	}
	if s.Holds(position(1)) {
		t.Error("a position of the old stream holds in the new one")
	}
	if !s.Holds(other.Position) {
		t.Error("a position of the new stream does not hold")
	}
	wantRead(t, c, 0, 1, 1) // what was not read yet is not lost
}

// What is left of the old stream goes in its time, and says nothing of the new
// stream's completeness.
func TestResetLeavesFloorToTheNewStream(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	s.next = 500
	s.add("alice")
	s.Reset()
	s.wait(30 * time.Second)
	s.next = 3
	s.add("alice")
	s.wait(31 * time.Second) // the old entry is too old, the new one is not
	s.add("alice")
	wantStats(t, s.Journal, journal.Stats{
		Messages: 2, Entries: 2, Bytes: 2 * (journal.EntryCost + 7), Floor: 3, Last: position(4),
	})
}
