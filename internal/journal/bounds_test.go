package journal_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

func TestSize(t *testing.T) {
	s := newStream(t, journal.Config{Size: 3})
	late := s.Subscribe("alice", &waker{})
	s.add("bob")
	for range 3 {
		s.add("alice")
	}
	kept := s.Subscribe("bob", &waker{})
	s.add("bob")
	wantStats(t, s.Journal, journal.Stats{
		Messages: 5, Entries: 5, Bytes: 5*journal.EntryCost + 2*5 + 3*7, Last: position(4),
	})
	s.add("alice")
	wantBehind(t, late)
	wantRead(t, kept, 4)
	// A log that was full says nothing of the other users' completeness.
	wantStats(t, s.Journal, journal.Stats{
		Messages: 6, Entries: 5, Bytes: 5*journal.EntryCost + 2*5 + 3*7, Evicted: 1, Last: position(5),
	})
}

func TestMemoryOfOneUser(t *testing.T) {
	const size = 1000 - journal.EntryCost
	s := newStream(t, journal.Config{Memory: 64 * 3000})
	c := s.Subscribe("alice", &waker{})
	for range 3 {
		s.addLong("alice", size)
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 3, Entries: 3, Bytes: 3000, Last: position(2)})
	s.addLong("alice", size)
	wantBehind(t, c)
	wantStats(t, s.Journal, journal.Stats{Messages: 4, Entries: 3, Bytes: 3000, Evicted: 1, Last: position(3)})

	// An event that is too big by itself takes the whole log, and gets through.
	c = s.Subscribe("alice", &waker{})
	s.addLong("alice", 10*size)
	wantRead(t, c, 4)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 5, Entries: 1, Bytes: 10*size + journal.EntryCost, Evicted: 4, Last: position(4),
	})
}

// The oldest go first, for all users alike.
func TestMemoryOfAll(t *testing.T) {
	const size = 1000 - journal.EntryCost
	s := newStream(t, journal.Config{Memory: 64 * 1000})
	first := s.Subscribe("user 0", &waker{})
	second := s.Subscribe("user 1", &waker{})
	for i := range 64 {
		s.addLong(event.UID(fmt.Sprint("user ", i)), size)
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 64, Entries: 64, Bytes: 64_000, Last: position(63)})
	s.addLong("one more", size)
	wantBehind(t, first)
	wantRead(t, second, 1)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 65, Entries: 64, Bytes: 64_000, Evicted: 1, Floor: 1, Last: position(64),
	})
}

func TestTTL(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	c := s.Subscribe("alice", &waker{})
	s.add("alice")
	s.wait(30 * time.Second)
	s.add("bob")
	s.wait(30 * time.Second)
	s.add("bob") // what is a minute old is not too old
	wantRead(t, c, 0)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 3, Entries: 3, Bytes: 3*journal.EntryCost + 7 + 2*5, Last: position(2),
	})
	late := s.Subscribe("alice", &waker{})
	s.wait(time.Millisecond)
	s.add("alice")
	wantRead(t, c, 3)
	wantRead(t, late, 3)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 4, Entries: 3, Bytes: 3*journal.EntryCost + 7 + 2*5, Floor: 1, Last: position(3),
	})
	if !s.Holds(position(0)) {
		t.Error("the spine let go of what is not older than its next segment")
	}
	s.wait(31 * time.Second)
	s.add()
	wantStats(t, s.Journal, journal.Stats{
		Messages: 4, Entries: 2, Bytes: 2*journal.EntryCost + 7 + 5, Floor: 2, Last: position(4),
	})
	if s.Holds(position(0)) {
		t.Error("a position older than the window holds")
	}
}

// Where the stream was silent for longer than TTL, the last message before that
// is still known: it is where a source that reconnects goes on.
func TestTTLKeepsTheLastPosition(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	s.add("alice")
	s.wait(time.Hour)
	if !s.Holds(position(0)) {
		t.Error("the newest position does not hold")
	}
	s.add()
	wantStats(t, s.Journal, journal.Stats{Messages: 2, Floor: 1, Last: position(1)})
}

// The spine goes with time, and takes the floor along.
func TestSpineIsBounded(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	for range 1000 {
		s.wait(time.Second)
		s.add()
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 61, Floor: 939, Last: position(999)})
	if s.Holds(position(938)) || !s.Holds(position(939)) {
		t.Error("what holds is not what is 60 s old or less")
	}
}

func TestIdleLogsAreForgotten(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	for i := range 1000 {
		s.add(event.UID(fmt.Sprint("user ", i)))
	}
	open := s.Subscribe("connected", &waker{})
	for i := range 500 {
		s.Subscribe(event.UID(fmt.Sprint("user ", 750+i)), &waker{}).Close()
	}
	if got := s.Logs(); got != 1001 {
		t.Errorf("%d logs, want those of 1000 users with events and of one connected", got)
	}
	s.wait(2 * time.Minute)
	s.add()
	if got := s.Logs(); got != 1 {
		t.Errorf("%d logs after a TTL, want 1", got)
	}
	open.Close()
	open.Close() // as good as once
	if got := s.Logs(); got != 0 {
		t.Errorf("%d logs after Close, want none", got)
	}
}

// A busy user's dropped entries leave nothing behind, though an older entry of
// another user is still there.
func TestQueueIsBounded(t *testing.T) {
	s := newStream(t, journal.Config{Size: 10})
	c := s.Subscribe("quiet", &waker{})
	s.add("quiet")
	for range 50_000 {
		s.add("busy")
	}
	if got, most := s.Queue(), 2*11+journal.SpareQueue; got > most {
		t.Errorf("%d places for 11 entries, want at most %d", got, most)
	}
	wantRead(t, c, 0)
	s.wait(time.Hour)
	s.add()
	if got := s.Queue(); got != 0 {
		t.Errorf("%d places in an empty window", got)
	}
}

// Full logs of 10,000 users stay within Memory, by the journal's own reckoning
// and by the heap's.
func TestMemoryIsWhatItTakes(t *testing.T) {
	const (
		users  = 10_000
		memory = 16 << 20
		events = 100_000
	)
	before := heap()
	s := newStream(t, journal.Config{Memory: memory, Size: 30})
	uids := make([]event.UID, users)
	for i := range uids {
		uids[i] = event.UID(fmt.Sprintf("ID%010d", i))
	}
	most := int64(0)
	for i := range events {
		s.addLong(uids[i%users], 200)
		if i%1000 == 0 {
			most = max(most, s.Stats().Bytes)
		}
	}
	took := heap() - before
	stats := s.Stats()
	if most > memory || stats.Bytes < memory*9/10 {
		t.Errorf("at most %d bytes were reckoned and in the end %d, want about %d and no more", most, stats.Bytes, memory)
	}
	if took > memory*3/2 {
		t.Errorf("the heap grew by %d MiB, want about %d", took>>20, memory>>20)
	}
	t.Logf("reckoned %d MiB, heap %d MiB, %d entries", stats.Bytes>>20, took>>20, stats.Entries)
	runtime.KeepAlive(s)
}

// heap returns what is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
