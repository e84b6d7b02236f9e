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
		Messages: 5, Entries: 5, Bytes: logBytes("bob", 5, 5) + logBytes("alice", 7, 7, 7), Last: position(4),
	})
	s.add("alice")
	wantBehind(t, late)
	wantRead(t, kept, 4)
	// A log that was full says nothing of the other users' completeness.
	wantStats(t, s.Journal, journal.Stats{
		Messages: 6, Entries: 5, Bytes: logBytes("bob", 5, 5) + logBytes("alice", 7, 7, 7), Evicted: 1, Last: position(5),
	})
}

func TestMemoryOfOneUser(t *testing.T) {
	const size = 896 // a size of the allocator's
	const most = 3*(size+journal.EntryCost) + journal.LogCost + 5
	s := newStream(t, journal.Config{Memory: 64 * most})
	c := s.Subscribe("alice", &waker{})
	for range 3 {
		s.addLong("alice", size)
	}
	wantStats(t, s.Journal, journal.Stats{Messages: 3, Entries: 3, Bytes: most, Last: position(2)})
	s.addLong("alice", size)
	wantBehind(t, c)
	wantStats(t, s.Journal, journal.Stats{Messages: 4, Entries: 3, Bytes: most, Evicted: 1, Last: position(3)})

	// An event that is too big by itself takes the whole log, and gets through.
	c = s.Subscribe("alice", &waker{})
	s.addLong("alice", 10*size)
	wantRead(t, c, 4)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 5, Entries: 1, Bytes: logBytes("alice", 10*size), Evicted: 4, Last: position(4),
	})
}

// The oldest go first, for all users alike.
func TestMemoryOfAll(t *testing.T) {
	const size = 704                                                        // a size of the allocator's
	const all int64 = 64 * (size + journal.EntryCost + journal.LogCost + 7) // 7 bytes of uid
	// The spine is of one second, and takes its part.
	s := newStream(t, journal.Config{Memory: all + journal.SegmentCost + 65*journal.MessageCost})
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
		Messages: 65, Entries: 64, Bytes: all, Evicted: 1, Floor: 1, Last: position(64),
	})
	if got := s.Stats().Bytes; got != all+s.SpineBytes() {
		t.Errorf("%d bytes, want those of the spine in them", got)
	}
}

// The entries of one message go together: one of them alone is of no use.
func TestMemoryTakesMessagesWhole(t *testing.T) {
	s := newStream(t, journal.Config{Memory: 1 << 20})
	s.add("alice", "bob", "carol", "dave")
	for i := 0; s.Stats().Evicted == 0; i++ {
		s.addLong(event.UID(fmt.Sprint("user ", i)), 500)
	}
	if got := s.Stats(); got.Evicted != 4 || got.Floor != 1 {
		t.Errorf("%d entries were dropped up to %d, want the 4 of offset 0", got.Evicted, got.Floor)
	}
}

// Messages for nobody take memory too, and the oldest go first.
func TestMemoryOfTheSpine(t *testing.T) {
	const memory = 1 << 18
	s := newStream(t, journal.Config{Memory: memory})
	c := s.Subscribe("alice", &waker{})
	s.add("alice")
	for range 100_000 {
		s.add()
	}
	stats := s.Stats()
	if stats.Bytes > memory || stats.Bytes < memory*9/10 || stats.Entries != 0 || stats.Evicted != 1 {
		t.Errorf("%d bytes in %d messages and %d entries, want about %d in messages", stats.Bytes, stats.Messages, stats.Entries, memory)
	}
	wantBehind(t, c)
	if s.Holds(position(stats.Floor-1)) || !s.Holds(position(stats.Floor)) {
		t.Errorf("the spine does not begin at the floor %d", stats.Floor)
	}
	wantRefused(t, s.Journal, position(stats.Floor-1))
	wantResumed(t, s.Journal, stats.Floor)
}

// Where Memory is short, checks of messages after which nobody can resume go
// before their time.
func TestSpineGoesWithTheLogs(t *testing.T) {
	s := newStream(t, journal.Config{Memory: 64 * 1000})
	for i := range 1000 {
		s.wait(time.Second)
		s.addLong(event.UID(fmt.Sprint("user ", i)), 500)
	}
	stats := s.Stats()
	if first, _ := s.First(); first != position(stats.Floor-1) {
		t.Errorf("the spine begins with %v, want the last one that can be resumed after, %v", first, position(stats.Floor-1))
	}
	wantResumed(t, s.Journal, stats.Floor-1)
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
		Messages: 3, Entries: 3, Bytes: logBytes("alice", 7) + logBytes("bob", 5, 5), Last: position(2),
	})
	late := s.Subscribe("alice", &waker{})
	s.wait(time.Millisecond)
	s.add("alice")
	wantRead(t, c, 3)
	wantRead(t, late, 3)
	wantStats(t, s.Journal, journal.Stats{
		Messages: 4, Entries: 3, Bytes: logBytes("alice", 7) + logBytes("bob", 5, 5), Floor: 1, Last: position(3),
	})
	if !s.Holds(position(0)) {
		t.Error("the spine let go of what is not older than its next segment")
	}
	s.wait(31 * time.Second)
	s.add()
	wantStats(t, s.Journal, journal.Stats{
		Messages: 4, Entries: 2, Bytes: logBytes("alice", 7) + logBytes("bob", 5), Floor: 2, Last: position(4),
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

// What finds the oldest entry is as large as there are logs with entries, and
// gets smaller with them.
func TestOldestIsBounded(t *testing.T) {
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
		t.Errorf("%d heads of 10,002 logs", got)
	}
	wantRead(t, c, 0)
	s.wait(time.Hour)
	s.add("busy")
	if got, room := s.Heads(); got != 1 || room > 1000 {
		t.Errorf("%d heads in room for %d, want 1", got, room)
	}
}

// Of many logs the one with the oldest entry of all is found, whatever their own
// bounds have dropped, and cuts have taken.
func TestMemoryOfMany(t *testing.T) {
	const memory, most = 64_000, 4
	s := newStream(t, journal.Config{Memory: memory, Size: most, TTL: 24 * time.Hour})
	random := rand.New(rand.NewPCG(1, 2))
	logs := map[event.UID][]int{}             // the messages of which it holds the entries
	var owners []event.UID                    // by message
	var sizes []int                           // by message
	first := 0                                // oldest message held
	since := map[event.UID]int{}              // behind what its own bound dropped
	oldest := func() (uid event.UID, n int) { // entry held
		for owner, own := range logs {
			if len(own) > 0 && (uid == "" || own[0] < n) {
				uid, n = owner, own[0]
			}
		}
		return uid, n
	}
	took := func() int64 { // each message has a segment of its own
		n := int64(len(owners)-first) * (journal.SegmentCost + journal.MessageCost)
		for uid, own := range logs {
			if n += logBytes(uid); len(own) == 0 {
				n -= logBytes(uid)
			}
			for _, i := range own {
				n += journal.EntryCost + held(sizes[i])
			}
		}
		return n
	}
	for range 5000 {
		if random.IntN(50) == 0 && len(owners)-first > 20 {
			s.next = uint64(len(owners) - random.IntN(20))
			s.Cut(s.next)
			owners, sizes = owners[:s.next], sizes[:s.next]
			for uid, own := range logs {
				logs[uid] = slices.DeleteFunc(own, func(n int) bool { return n >= len(owners) })
				if len(logs[uid]) == 0 { // what it had dropped is missing to all now
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
		for took() > memory { // the oldest message's entry goes, then the message
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
		t.Errorf("memory sufficed down to offset %d", first)
	}
}
