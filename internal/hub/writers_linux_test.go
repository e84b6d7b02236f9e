package hub_test

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// There are as many writers as the backlog requires, up to the limit; each session has one
// turn, in order.
func TestWriters_AreFew(t *testing.T) {
	for _, c := range []struct{ most, sessions, want int }{
		{1, 1, 1}, {4, 1, 1}, {4, 16, 1}, {4, 40, 3}, {4, 3000, 4}, {1, 3000, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHub(journal.New(journal.Config{}), &counters{})
			h.Tune(hub.Tuning{Writers: c.most})
			raw := &stoppedRaw{null: devNull(t), begin: make(chan struct{})}
			request := upgradeRequest(t)
			for i := range c.sessions {
				if err := h.OpenParked(lent{}, request, event.UID(fmt.Sprint(i)), numbered{raw, i}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			raw.stopped.Store(true)
			h.Sweep(time.Now().Add(31 * time.Second)) // a ping to each
			synctest.Wait()
			if got := raw.now.Load(); got != int64(c.want) {
				t.Errorf("%d sessions, at most %d writers: %d run, want %d", c.sessions, c.most, got, c.want)
			}
			close(raw.begin)
			synctest.Wait()
			turns := make([]int, c.sessions)
			for i, number := range raw.order {
				if turns[number]++; c.most == 1 && number != i {
					t.Errorf("turn %d was that of session %d", i, number)
				}
			}
			for number, n := range turns {
				if n != 1 {
					t.Errorf("session %d had %d turns, want 1", number, n)
				}
			}
		})
	}
}

// stoppedRaw is what sessions write to: first everything succeeds; once it is stopped, each
// write waits for begin to be closed, and fails.
type stoppedRaw struct {
	null    descriptor
	stopped atomic.Bool
	begin   chan struct{}
	now     atomic.Int64 // writes under way
	mu      sync.Mutex
	order   []int // guarded by mu: the numbers of sessions
}

type numbered struct {
	*stoppedRaw

	number int
}

func (numbered) Read(func(uintptr) bool) error  { return net.ErrClosed }
func (numbered) Write(func(uintptr) bool) error { return net.ErrClosed }

func (n numbered) Control(f func(uintptr)) error {
	if !n.stopped.Load() {
		return n.null.Control(f)
	}
	n.now.Add(1)
	defer n.now.Add(-1)
	n.mu.Lock()
	n.order = append(n.order, n.number)
	n.mu.Unlock()
	<-n.begin
	return net.ErrClosed
}
