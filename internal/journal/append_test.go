package journal_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/journal"
)

func TestAppend_RefusesOffsetsUpToTheLast(t *testing.T) {
	s := newStream(t, journal.Config{})
	w := &waker{}
	c := s.Subscribe("alice", w)
	s.next = 40
	s.add("alice")
	s.add("alice")
	for _, offset := range []uint64{41, 40, 39, 0} {
		again := journal.Message{Position: position(offset), At: s.at, Events: []event.Event{{UID: "alice"}}}
		if s.Append(again) {
			t.Errorf("Append of offset %d after 41 = true, want false", offset)
		}
	}
	if w.woken != 1 {
		t.Errorf("woken %d times, want once", w.woken)
	}
	wantRead(t, c, 40, 41)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 2, Entries: 2, Bytes: logBytes("alice", 8, 8), CompleteFrom: 40, Last: position(41),
	})
}

func TestAppend_EntryHasTheFieldsOfItsEvent(t *testing.T) {
	j := journal.New(journal.Config{})
	c := j.Subscribe("alice", &waker{})
	j.Append(journal.Message{
		Position: journal.Position{Offset: 7, Check: 1},
		At:       1_700_000_000_123,
		Events: []event.Event{
			{UID: "bob", Kind: event.Trade, Message: []byte("for bob")},
			{UID: "alice", Kind: event.Order, Message: []byte("for alice")},
		},
	})
	got := make([]journal.Entry, 2)
	n, err := c.Read(got)
	if err != nil {
		t.Fatal(err)
	}
	want := []journal.Entry{{Offset: 7, Check: 1, At: 1_700_000_000_123, Kind: event.Order, Message: []byte("for alice")}}
	if diff := cmp.Diff(want, got[:n]); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestAppend_MessageWithoutEventsMovesTheLastPosition(t *testing.T) {
	s := newStream(t, journal.Config{})
	w := &waker{}
	s.Subscribe("alice", w)
	s.add()
	s.add("bob")
	if w.woken != 0 {
		t.Errorf("woken %d times, want 0", w.woken)
	}
	if last, ok := s.Last(); !ok || last != position(1) {
		t.Errorf("Last() = %v, %v; want %v, true", last, ok, position(1))
	}
}

// A stream has offsets without a message. Positions on both sides of such a hole are
// held, and none in it.
func TestAppend_SkipsOffsets(t *testing.T) {
	s := newStream(t, journal.Config{})
	s.add()
	s.add()
	s.next = 10
	s.add()
	for offset, want := range map[uint64]bool{0: true, 1: true, 2: false, 9: false, 10: true, 11: false} {
		if got := s.Holds(position(offset)); got != want {
			t.Errorf("Holds(%v) = %v, want %v", position(offset), got, want)
		}
	}
	if s.Holds(journal.Position{Offset: 5}) {
		t.Error("Holds(a position in the hole) = true, want false")
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 3, Last: position(10)})
}

// After lost messages the window begins anew: no client can resume before them.
func TestAppend_LostMessagesBeginTheWindowAnew(t *testing.T) {
	s := newStream(t, journal.Config{})
	c := s.Subscribe("alice", &waker{})
	s.add("alice")
	s.add("alice")
	s.next, s.lost = 10, true
	s.add("alice")
	if s.Holds(position(1)) {
		t.Error("Holds(the position before the lost messages) = true, want false")
	}
	if !s.Holds(position(10)) {
		t.Error("Holds(the position after the lost messages) = false, want true")
	}
	wantRefused(t, s.Journal, position(1))
	wantResumed(t, s.Journal, 10)
	wantRead(t, c, 0, 1, 10) // a connected client gets all entries
	wantStats(t, s.Journal, journal.Stats{
		Messages: 1, Entries: 3, Bytes: logBytes("alice", 7, 7, 8), CompleteFrom: 10, Last: position(10),
	})
}

func TestNew_HoldsNothing(t *testing.T) {
	j := journal.New(journal.Config{})
	if last, ok := j.Last(); ok {
		t.Errorf("Last() = %v, true; want false", last)
	}
	if j.Holds(journal.Position{}) {
		t.Error("Holds(zero position) of an empty journal = true, want false")
	}
	wantStats(t, j, journal.Stats{})
}

func TestStats_AgeIsThatOfTheOldestMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream(t, journal.Config{})
		s.at = time.Now().UnixMilli()
		s.add("alice")
		<-time.After(3 * time.Second)
		if got := s.Stats().Age; got != 3*time.Second {
			t.Errorf("Age = %v, want 3s", got)
		}
	})
}
