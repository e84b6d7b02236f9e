package hub_test

import (
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"ranger/internal/hub"
	"ranger/internal/journal"
)

// The queue gives out each once and in order, whatever the mix, and keeps room for
// few when it is empty. Each byte is how many come, or how many go.
func FuzzWritersQueue(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 129, 2, 130, 255})
	f.Add([]byte{100, 100, 100, 200, 100, 228, 5, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, steps []byte) {
		const scale = 41 // so that few steps pass the bounds
		q := hub.NewQueue()
		var want []*hub.Waiter
		for _, step := range steps {
			for range int(step&127) * scale {
				if step < 128 {
					w := new(hub.Waiter)
					want = append(want, w)
					q.Push(w)
				} else if len(want) > 0 {
					if got := q.Next(); got != want[0] {
						t.Fatalf("with %d waiting another came than the first", len(want))
					}
					want = want[1:]
				}
			}
			if held, room := q.Held(); held != len(want) || room < held {
				t.Errorf("it holds %d and has room for %d, want %d", held, room, len(want))
			}
		}
		for _, w := range want {
			if q.Next() != w {
				t.Fatal("another came than the first")
			}
		}
		if w := q.Next(); w != nil {
			t.Error("one came that was not pushed")
		}
		if held, room := q.Held(); held != 0 || room > hub.SpareQueue {
			t.Errorf("when it is empty it holds %d and has room for %d", held, room)
		}
	})
}

// The queue does not grow with how many pass through it, nor keep them, as long as
// few wait.
func TestWritersQueueIsCompacted(t *testing.T) {
	q := hub.NewQueue()
	for range 500 {
		q.Push(new(hub.Waiter))
	}
	for range 100_000 {
		q.Push(new(hub.Waiter))
		q.Next()
	}
	if held, room := q.Held(); held != 500 || room > 8*hub.SpareQueue {
		t.Errorf("it holds %d and has room for %d; want 500, and few", held, room)
	}
}

// A few goroutines write, as many as wait, but not more than there are processors;
// each session has its turn once, in order; and the goroutines end.
func TestWritersAreFew(t *testing.T) {
	for _, c := range []struct{ most, sessions, want int }{
		{1, 1, 1}, {4, 1, 1}, {4, 16, 1}, {4, 40, 3}, {4, 3000, 4}, {1, 3000, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := hub.New(hub.Config{}, journal.New(journal.Config{}), nil, &counters{}, slog.New(slog.DiscardHandler))
			h.SetWriters(c.most)
			raw := &stoppedRaw{begin: make(chan struct{})}
			var conns []net.Conn
			for i := range c.sessions {
				near, far := net.Pipe()
				conns = append(conns, far)
				h.Say(near, numbered{raw, i})
			}
			synctest.Wait()
			if got := raw.now.Load(); got != int64(c.want) {
				t.Errorf("%d sessions: %d writers, want %d", c.sessions, got, c.want)
			}
			close(raw.begin)
			h.Wait()
			seen := make([]int, c.sessions)
			for i, number := range raw.order {
				if seen[number]++; c.most == 1 && number != i {
					t.Errorf("turn %d was %d's", i, number)
				}
			}
			for number, turns := range seen {
				if turns != 1 {
					t.Errorf("%d had %d turns", number, turns)
				}
			}
			for _, c := range conns {
				_ = c.Close()
			}
		})
	}
}

// stoppedRaw is what sessions write to whose sockets are broken. It waits for begin to be
// closed.
type stoppedRaw struct {
	begin chan struct{}
	now   atomic.Int64 // attempts under way
	mu    sync.Mutex
	order []int // guarded by mu: the sessions' numbers
}

type numbered struct {
	*stoppedRaw

	number int
}

func (numbered) Read(func(uintptr) bool) error  { return net.ErrClosed }
func (numbered) Write(func(uintptr) bool) error { return net.ErrClosed }

func (n numbered) Control(func(uintptr)) error {
	n.now.Add(1)
	defer n.now.Add(-1)
	n.mu.Lock()
	n.order = append(n.order, n.number)
	n.mu.Unlock()
	<-n.begin
	return net.ErrClosed
}
