package journal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/journal"
)

func TestCursor_ReadsWhatIsAppendedAfterItBegan(t *testing.T) {
	s := newStream(t, journal.Config{})
	s.add("alice")
	c := s.Subscribe("alice", &waker{})
	wantRead(t, c)
	s.add("bob")
	s.add("alice", "bob")
	s.add("alice")
	wantRead(t, c, 2, 3)
	wantRead(t, c)
	s.add("alice")
	wantRead(t, c, 4)
}

func TestCursor_ReadsInPieces(t *testing.T) {
	s := newStream(t, journal.Config{})
	c := s.Subscribe("alice", &waker{})
	for range 7 {
		s.add("alice")
	}
	var got [][]uint64
	for range 4 {
		dst := make([]journal.Entry, 3)
		n, err := c.Read(dst)
		if err != nil {
			t.Fatal(err)
		}
		var piece []uint64
		for _, e := range dst[:n] {
			piece = append(piece, e.Offset)
		}
		got = append(got, piece)
	}
	want := [][]uint64{{0, 1, 2}, {3, 4, 5}, {6}, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pieces (-want +got):\n%s", diff)
	}
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Errorf("Read(nil) = %d, %v; want 0, nil", n, err)
	}
}

func TestCursor_IsBehindIfAnUnreadEntryIsGone(t *testing.T) {
	s := newStream(t, journal.Config{Size: 3})
	for range 3 {
		s.add("alice") // before the cursor: not read by it
	}
	c := s.Subscribe("alice", &waker{})
	for range 3 {
		s.add("alice")
	}
	dst := make([]journal.Entry, 1)
	if n, err := c.Read(dst); n != 1 || err != nil || dst[0].Offset != 3 {
		t.Fatalf("Read() = %d, %v, offset %d; want 1, nil, 3", n, err, dst[0].Offset)
	}
	s.add("alice") // drops 3, which was read
	wantRead(t, c, 4, 5, 6)
	for range 3 {
		s.add("alice") // drops only entries that were read
	}
	s.add("alice") // drops 7, which was not read
	wantBehind(t, c)
	s.add("alice")
	wantBehind(t, c)
}

func TestCursors_OfOneUserAreIndependent(t *testing.T) {
	s := newStream(t, journal.Config{Size: 2})
	second := &waker{}
	a := s.Subscribe("alice", &waker{})
	s.add("alice")
	b := s.Subscribe("alice", second)
	s.add("alice")
	wantRead(t, b, 1)
	s.add("alice")
	wantBehind(t, a)
	wantRead(t, b, 2)
	a.Close()
	s.add("alice")
	wantRead(t, b, 3)
	if second.woken != 3 {
		t.Errorf("woken %d times, want 3: it has read everything before each", second.woken)
	}
}

// closer closes its cursor when it is woken, as a session does that ends while its
// event is appended.
type closer struct {
	waker

	cursor *journal.Cursor
}

func (c *closer) Wake(inlined int) bool {
	c.cursor.Close()
	return c.waker.Wake(inlined)
}

func TestCursor_MayCloseInWake(t *testing.T) {
	s := newStream(t, journal.Config{})
	one, other := &closer{}, &waker{}
	one.cursor = s.Subscribe("alice", one)
	c := s.Subscribe("alice", other)
	s.add("alice")
	s.add("alice")
	if one.woken != 1 || other.woken != 1 {
		t.Errorf("woken %d and %d times, want once each", one.woken, other.woken)
	}
	wantRead(t, c, 0, 1)
}

func TestCursor_OutlivesTheEntriesOfItsLog(t *testing.T) {
	s := newStream(t, journal.Config{Size: 2, TTL: 1})
	c := s.Subscribe("alice", &waker{})
	for range 5 {
		s.add("alice")
		wantRead(t, c, s.next-1)
		s.at += 10
		s.add() // the entry is too old now
		if got := s.Stats().Entries; got != 0 {
			t.Fatalf("%d entries after TTL, want 0", got)
		}
	}
}
