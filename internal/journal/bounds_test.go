package journal_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

func TestSize_DropsTheOldestOfAFullLog(t *testing.T) {
	s := newStream(t, journal.Config{Size: 3})
	late := s.Subscribe("alice", &waker{})
	s.add("bob")
	for range 3 {
		s.add("alice")
	}
	kept := s.Subscribe("bob", &waker{})
	s.add("bob")
	wantStats(t, s.Journal, journal.Stats{
		Messages: 5, Entries: 5, Bytes: logBytes("bob", 5, 5) + logBytes("alice", 7, 7, 7), Last: position(4),
	})
	s.add("alice")
	wantBehind(t, late)
	wantRead(t, kept, 4)
	// A full log does not change what is complete for other users.
	wantStats(t, s.Journal, journal.Stats{
		Messages: 6, Entries: 5, Bytes: logBytes("bob", 5, 5) + logBytes("alice", 7, 7, 7), Evicted: 1, Last: position(5),
	})
}

func TestMemory_OfOneUserIsBounded(t *testing.T) {
	const size = 896 // a size class of the allocator
	const most = 3*(size+entryCost) + logCost + 5
	s := newStream(t, journal.Config{Memory: 64 * most})
	c := s.Subscribe("alice", &waker{})
	for range 3 {
		s.addLong("alice", size)
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 3, Entries: 3, Bytes: most, Last: position(2)})
	s.addLong("alice", size)
	wantBehind(t, c)
	wantStats(t, s.Journal, journal.Stats{Messages: 4, Entries: 3, Bytes: most, Evicted: 1, Last: position(3)})

	// An event that is larger than the bound replaces the whole log and is delivered.
	c = s.Subscribe("alice", &waker{})
	s.addLong("alice", 10*size)
	wantRead(t, c, 4)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 5, Entries: 1, Bytes: logBytes("alice", 10*size), Evicted: 4, Last: position(4),
	})
}

func TestMemory_DropsTheOldestOfAllUsers(t *testing.T) {
	const size = 704                                        // a size class of the allocator
	const all int64 = 64 * (size + entryCost + logCost + 7) // 7 bytes of uid
	// The index has one segment, and counts too.
	s := newStream(t, journal.Config{Memory: all + segmentCost + 65*messageCost})
	uid := func(i int) event.UID { return event.UID(fmt.Sprintf("user %02d", i)) }
	first := s.Subscribe(uid(0), &waker{})
	second := s.Subscribe(uid(1), &waker{})
	for i := range 64 {
		s.addLong(uid(i), size)
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 64, Entries: 64, Bytes: all, Last: position(63)})
	s.addLong("another", size)
	wantBehind(t, first)
	wantRead(t, second, 1)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 65, Entries: 64, Bytes: all, Evicted: 1, CompleteFrom: 1, Last: position(64),
	})
	if got := s.Stats().Bytes; got != all+s.IndexBytes() {
		t.Errorf("Bytes = %d, want %d, which includes the index", got, all+s.IndexBytes())
	}
}

func TestMemory_DropsAllEntriesOfAMessage(t *testing.T) {
	s := newStream(t, journal.Config{Memory: 1 << 20})
	s.add("alice", "bob", "carol", "dave")
	for i := 0; s.Stats().Evicted == 0; i++ {
		s.addLong(event.UID(fmt.Sprint("user ", i)), 500)
	}
	if got := s.Stats(); got.Evicted != 4 || got.CompleteFrom != 1 {
		t.Errorf("%d entries were dropped, complete from %d; want 4 and 1", got.Evicted, got.CompleteFrom)
	}
}

// Messages without events take memory too.
func TestMemory_DropsTheOldestOfTheIndex(t *testing.T) {
	const memory = 1 << 18
	s := newStream(t, journal.Config{Memory: memory})
	c := s.Subscribe("alice", &waker{})
	s.add("alice")
	for range 100_000 {
		s.add()
	}
	stats := s.Stats()
	if stats.Bytes > memory || stats.Bytes < memory*9/10 || stats.Entries != 0 || stats.Evicted != 1 {
		t.Errorf("%d bytes in %d messages and %d entries, want about %d bytes in messages only", stats.Bytes, stats.Messages, stats.Entries, memory)
	}
	wantBehind(t, c)
	if s.Holds(position(stats.CompleteFrom-1)) || !s.Holds(position(stats.CompleteFrom)) {
		t.Errorf("the index does not begin at CompleteFrom, %d", stats.CompleteFrom)
	}
	wantRefused(t, s.Journal, position(stats.CompleteFrom-1))
	wantResumed(t, s.Journal, stats.CompleteFrom)
}

// If Memory is short, checks of messages after which no client can resume are dropped
// before TTL.
func TestMemory_IndexShrinksWithTheLogs(t *testing.T) {
	s := newStream(t, journal.Config{Memory: 64 * 1000})
	for i := range 1000 {
		s.wait(time.Second)
		s.addLong(event.UID(fmt.Sprint("user ", i)), 500)
	}
	stats := s.Stats()
	if first, _ := s.First(); first != position(stats.CompleteFrom-1) {
		t.Errorf("First() = %v, want %v, the first after which a client can resume", first, position(stats.CompleteFrom-1))
	}
	wantResumed(t, s.Journal, stats.CompleteFrom-1)
}

func TestTTL_DropsEntriesAndMessages(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	c := s.Subscribe("alice", &waker{})
	s.add("alice")
	s.wait(30 * time.Second)
	s.add("bob")
	s.wait(30 * time.Second)
	s.add("bob") // an entry of exactly a minute is kept
	wantRead(t, c, 0)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 3, Entries: 3, Bytes: logBytes("alice", 7) + logBytes("bob", 5, 5), Last: position(2),
	})
	late := s.Subscribe("alice", &waker{})
	s.wait(time.Millisecond)
	s.add("alice")
	wantRead(t, c, 3)
	wantRead(t, late, 3)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 4, Entries: 3, Bytes: logBytes("alice", 7) + logBytes("bob", 5, 5), CompleteFrom: 1, Last: position(3),
	})
	if !s.Holds(position(0)) {
		t.Error("Holds(the oldest position) = false, but its segment ends within TTL")
	}
	s.wait(31 * time.Second)
	s.add()
	wantStats(t, s.Journal, journal.Stats{
		Messages: 4, Entries: 2, Bytes: logBytes("alice", 7) + logBytes("bob", 5), CompleteFrom: 2, Last: position(4),
	})
	if s.Holds(position(0)) {
		t.Error("Holds(a position older than TTL) = true, want false")
	}
}

// After a silence longer than TTL the last message is still held: a source that
// reconnects begins there.
func TestTTL_KeepsTheLastPosition(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	s.add("alice")
	s.wait(time.Hour)
	if !s.Holds(position(0)) {
		t.Error("Holds(the newest position) = false, want true")
	}
	s.add()
	wantStats(t, s.Journal, journal.Stats{Messages: 2, CompleteFrom: 1, Last: position(1)})
}

func TestTTL_BoundsTheIndex(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	for range 1000 {
		s.wait(time.Second)
		s.add()
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 61, CompleteFrom: 939, Last: position(999)})
	if s.Holds(position(938)) || !s.Holds(position(939)) {
		t.Error("the index does not hold exactly the messages of the last 60 s")
	}
}

func TestLogs_AreRemovedWhenIdle(t *testing.T) {
	s := newStream(t, journal.Config{TTL: time.Minute})
	for i := range 1000 {
		s.add(event.UID(fmt.Sprint("user ", i)))
	}
	open := s.Subscribe("connected", &waker{})
	for i := range 500 {
		s.Subscribe(event.UID(fmt.Sprint("user ", 750+i)), &waker{}).Close()
	}
	if got := s.Logs(); got != 1001 {
		t.Errorf("%d logs, want 1001: 1000 users with events and one connected", got)
	}
	s.wait(2 * time.Minute)
	s.add()
	if got := s.Logs(); got != 1 {
		t.Errorf("%d logs after a TTL, want 1", got)
	}
	open.Close()
	open.Close() // no effect
	if got := s.Logs(); got != 0 {
		t.Errorf("%d logs after Close, want 0", got)
	}
}

// The heap of oldest entries has one head for each log with entries, and shrinks.
func TestOldest_IsBounded(t *testing.T) {
	s := newStream(t, journal.Config{Size: 10})
	c := s.Subscribe("quiet", &waker{})
	s.add("quiet")
	for i := range 10_000 {
		s.add(event.UID(fmt.Sprint("user ", i)))
	}
	for range 50_000 {
		s.add("busy")
	}
	if got, _ := s.Heads(); got != 10_002 {
		t.Errorf("%d heads, want 10,002", got)
	}
	wantRead(t, c, 0)
	s.wait(time.Hour)
	s.add("busy")
	if got, room := s.Heads(); got != 1 || room > 1000 {
		t.Errorf("%d heads in room for %d, want 1 in at most 1000", got, room)
	}
}

// The oldest entry of all is found, whatever the bounds of logs have dropped and
// truncations have removed.
func TestMemory_OldestOfManyLogs(t *testing.T) {
	const memory, most = 64_000, 4
	s := newStream(t, journal.Config{Memory: memory, Size: most, TTL: 24 * time.Hour})
	random := rand.New(rand.NewPCG(1, 2))
	logs := map[event.UID][]int{}             // messages whose entries the log holds
	var owners []event.UID                    // by message
	var sizes []int                           // by message
	first := 0                                // oldest message held
	since := map[event.UID]int{}              // after what the bound of the log dropped
	oldest := func() (uid event.UID, n int) { // entry held
		for owner, own := range logs {
			if len(own) > 0 && (uid == "" || own[0] < n) {
				uid, n = owner, own[0]
			}
		}
		return uid, n
	}
	took := func() int64 { // each message has its segment
		n := int64(len(owners)-first) * (segmentCost + messageCost)
		for uid, own := range logs {
			if n += logBytes(uid); len(own) == 0 {
				n -= logBytes(uid)
			}
			for _, i := range own {
				n += entryCost + held(sizes[i])
			}
		}
		return n
	}
	for range 5000 {
		if random.IntN(50) == 0 && len(owners)-first > 20 {
			s.next = uint64(len(owners) - random.IntN(20))
			s.Truncate(s.next)
			owners, sizes = owners[:s.next], sizes[:s.next]
			for uid, own := range logs {
				logs[uid] = slices.DeleteFunc(own, func(n int) bool { return n >= len(owners) })
				if len(logs[uid]) == 0 { // what it had dropped is missing for all users now
					first = max(first, min(since[uid], len(owners))-1)
				}
			}
		}
		uid, size := event.UID(fmt.Sprint("user ", random.IntN(20)*random.IntN(20))), random.IntN(50)
		s.wait(time.Second)
		s.addLong(uid, size)
		logs[uid] = append(logs[uid], len(owners))
		if own := logs[uid]; len(own) > most {
			logs[uid], since[uid] = own[1:], own[0]+1
		}
		owners, sizes = append(owners, uid), append(sizes, size)
		for took() > memory { // the entry of the oldest message is dropped, then the message
			if uid, n := oldest(); n <= first && uid != "" {
				if logs[uid] = logs[uid][1:]; len(logs[uid]) == 0 {
					since[uid] = 0
				}
			} else {
				first++
			}
		}
		if got, want := s.Stats().Bytes, took(); got != want {
			t.Fatalf("%d bytes with %d messages from %d on, want %d", got, len(owners), first, want)
		}
	}
	if first < 3000 {
		t.Errorf("memory was exceeded only up to offset %d, want at least 3000", first)
	}
}
