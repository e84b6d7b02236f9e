package journal_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// bell is a Waker that notifies its cursor's reader without blocking.
type bell chan struct{}

func (b bell) Wake(int) bool {
	select {
	case b <- struct{}{}:
	default:
	}
	return false
}

// I3, I4: while one goroutine appends, readers come and go; each reads its user's
// entries in order and without a hole.
func TestConcurrentReaders(t *testing.T) {
	const (
		users    = 8
		messages = 20_000
	)
	s := newStream(t, journal.Config{Size: messages})
	var readers sync.WaitGroup
	done := make(chan struct{})
	for i := range users * 2 {
		uid := event.UID(fmt.Sprint("user ", i%users))
		ring := make(bell, 1)
		c := s.Subscribe(uid, ring)
		readers.Go(func() {
			defer c.Close()
			follow(t, c, ring, uint64(i%users), users, messages)
		})
	}
	readers.Go(func() { // subscribes and leaves
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			c := s.Subscribe(event.UID(fmt.Sprint("user ", i%users)), make(bell, 1))
			if _, err := c.Read(make([]journal.Entry, 5)); err != nil {
				t.Errorf("Read() of a new cursor: %v", err)
			}
			c.Close()
			last, ok := s.Last()
			if stats := s.Stats(); ok && (stats.Last.Offset < last.Offset || !s.Holds(last)) {
				t.Errorf("the last position went from %v back to %v, or is not held", last, stats.Last)
			}
		}
	})
	for i := range messages {
		s.add(event.UID(fmt.Sprint("user ", i%users)))
	}
	close(done)
	readers.Wait()
}

// follow reads every step-th offset from first on, to the last.
func follow(tb testing.TB, c *journal.Cursor, ring bell, first, step, end uint64) {
	dst := make([]journal.Entry, 7)
	for next := first; next < end; {
		n, err := c.Read(dst)
		if err != nil {
			tb.Error(err)
			return
		}
		for _, e := range dst[:n] {
			if e.Offset != next {
				tb.Errorf("read offset %d, want %d", e.Offset, next)
				return
			}
			next += step
		}
		if n == 0 {
			<-ring
		}
	}
}

// A reader that falls behind gets ErrBehind; one that does not misses nothing.
func TestCursor_ConcurrentReaderIsBehindOrMissesNothing(t *testing.T) {
	s := newStream(t, journal.Config{Size: 4, Memory: 64 * 1000})
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					readUntilBehind(t, s.Journal, done)
				}
			}
		})
	}
	for i := range 20_000 {
		s.add("alice")
		if i%1000 == 0 {
			s.Truncate(s.next)
		}
	}
	close(done)
	readers.Wait()
	s.Subscribe("alice", make(bell, 1)).Close()
	if got := s.Logs(); got != 1 {
		t.Errorf("%d logs, want 1", got)
	}
}

func readUntilBehind(tb testing.TB, j *journal.Journal, done <-chan struct{}) {
	ring := make(bell, 1)
	c := j.Subscribe("alice", ring)
	defer c.Close()
	next, dst := uint64(0), make([]journal.Entry, 2)
	for {
		select {
		case <-done:
			return
		case <-ring:
		}
		for n := -1; n != 0; {
			var err error
			if n, err = c.Read(dst); errors.Is(err, journal.ErrBehind) {
				return
			}
			for _, e := range dst[:n] {
				if next != 0 && e.Offset != next {
					tb.Errorf("read offset %d after %d", e.Offset, next-1)
				}
				next = e.Offset + 1
			}
		}
	}
}

// I2, I3: a cursor returns the gap before the event that follows it, even if the
// message is still being appended.
func TestCursor_GapPrecedesTheEventThatFollows(t *testing.T) {
	s := newStream(t, journal.Config{})
	c, _ := s.SubscribeWithGaps("alice", make(bell, 1))
	var reader sync.WaitGroup
	var reached atomic.Int64
	const messages = 5000
	reader.Go(func() {
		defer reached.Store(messages)
		dst := make([]journal.Entry, 1)
		for n := 0; n < 2*messages; {
			k, err := c.Read(dst)
			if err != nil {
				t.Error(err)
				return
			}
			if k == 0 {
				continue
			}
			want := fmt.Sprint("alice ", n/2)
			if n%2 == 0 {
				want = fmt.Sprint("gap ", n/2)
			}
			if got := string(dst[0].Message); got != want {
				t.Errorf("read %q, want %q", got, want)
				return
			}
			n++
			reached.Store(int64(n / 2))
		}
	})
	for n := range int64(messages) {
		for n-reached.Load() > 100 {
			runtime.Gosched()
		}
		s.announce("alice")
	}
	reader.Wait()
}
