package amqp_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// node is a Source at work, and all that it says.
type node struct {
	source  *amqp.Source
	journal *journal.Journal
	metrics counted
	log     logged
	mark    int                // number of the log line that awaitLog begins at
	cancel  context.CancelFunc // ends Run
	ended   chan error         // what Run returned
}

// newNode returns a node that is not running yet. Its logs hold all that a test
// publishes.
func newNode(cfg amqp.Config) *node {
	n := &node{journal: journal.New(journal.Config{Size: 1 << 20, Memory: 1 << 36}), ended: make(chan error, 1)}
	n.source = amqp.NewSource(cfg, n.journal, &n.metrics, slog.New(&n.log))
	return n
}

// newNodeWith returns a node with another Metrics.
func newNodeWith(cfg amqp.Config, m amqp.Metrics) *node {
	n := newNode(cfg)
	n.source = amqp.NewSource(cfg, n.journal, m, slog.New(&n.log))
	return n
}

// run runs the Source until the test ends.
func (n *node) run(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	n.cancel = cancel
	go func() { n.ended <- n.source.Run(ctx) }()
	tb.Cleanup(func() { n.stop(tb) })
}

// startNode returns a node that runs until the test ends.
func startNode(tb testing.TB, cfg amqp.Config) *node {
	tb.Helper()
	n := newNode(cfg)
	n.run(tb)
	return n
}

// stop ends Run and waits for its end.
func (n *node) stop(tb testing.TB) {
	tb.Helper()
	n.cancel()
	select {
	case err := <-n.ended:
		if err != nil {
			tb.Errorf("Run: %v", err)
		}
		n.ended <- err // for a second stop
	case <-time.After(testenv.Patience):
		tb.Error("Run did not end")
	}
}

// awaitLog waits for a line that was logged since the last call, and contains
// text in its message, error or advice.
func (n *node) awaitLog(tb testing.TB, text string) line {
	tb.Helper()
	var l line
	l, n.mark = n.log.await(tb, fmt.Sprintf("the log line %q", text), n.mark, says(text))
	return l
}

// says finds lines with text in message, error or advice.
func says(text string) func(line) bool {
	return func(l line) bool {
		return strings.Contains(fmt.Sprintln(l.text, l.attrs["error"], l.attrs["advice"]), text)
	}
}

// awaitFollowing waits until the node has caught up once more. It may have lost its
// connections again by then, since an operator's closing may reach the next ones as well:
// then it says so, and catches up again.
func (n *node) awaitFollowing(tb testing.TB) {
	tb.Helper()
	for {
		n.awaitLog(tb, "caught up")
		got := n.source.Status()
		if got.State == amqp.Following {
			if !got.CaughtUp || got.Error != nil {
				tb.Errorf("status of a node that has caught up: %+v", got)
			}
			return
		}
		n.awaitLog(tb, "will reconnect")
	}
}

// awaitFollowingAfter has f end the connection, and waits until the node has caught
// up again.
func (n *node) awaitFollowingAfter(tb testing.TB, f func()) {
	tb.Helper()
	f()
	n.awaitLog(tb, "will reconnect")
	n.awaitFollowing(tb)
}

// tap reads one user's events as a session does that is never behind: on the
// goroutine that appends.
type tap struct {
	woken chan struct{}
	got   []journal.Entry // all that read has returned; the test's own

	mu     sync.Mutex
	cursor *journal.Cursor // guarded by mu
	fresh  []journal.Entry // guarded by mu: what read is to return
	err    error           // guarded by mu
}

// Wake reads what there is.
func (t *tap) Wake(int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drain()
	select {
	case t.woken <- struct{}{}:
	default:
	}
	return false
}

// drain reads what there is. It is called with mu held.
func (t *tap) drain() {
	var room [256]journal.Entry
	for n := len(room); n == len(room) && t.err == nil; {
		n, t.err = t.cursor.Read(room[:])
		t.fresh = append(t.fresh, room[:n]...)
	}
}

func newTap(tb testing.TB, begin func(journal.Waker) *journal.Cursor) *tap {
	tb.Helper()
	t := &tap{woken: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cursor = begin(t)
	tb.Cleanup(t.cursor.Close)
	return t
}

func (n *node) tap(tb testing.TB, uid event.UID) *tap {
	tb.Helper()
	return newTap(tb, func(w journal.Waker) *journal.Cursor { return n.journal.Subscribe(uid, w) })
}

// follow is tap for alice, who is also told of gaps.
func (n *node) follow(tb testing.TB) *tap {
	tb.Helper()
	return newTap(tb, func(w journal.Waker) *journal.Cursor {
		c, _ := n.journal.SubscribeWithGaps(alice, w)
		return c
	})
}

// read reads what there is.
func (t *tap) read(tb testing.TB) []journal.Entry {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drain()
	if t.err != nil {
		tb.Fatal(t.err)
	}
	t.got, t.fresh = append(t.got, t.fresh...), nil
	return t.got
}

// await reads until a message contains text, and returns all that were read.
func (t *tap) await(tb testing.TB, text string) []journal.Entry {
	tb.Helper()
	timeout := time.After(testenv.Patience)
	for seen := 0; ; {
		for _, e := range t.read(tb)[seen:] {
			seen++
			if strings.Contains(string(e.Message), text) {
				return t.got
			}
		}
		select {
		case <-t.woken:
		case <-timeout:
			tb.Fatalf("no message with %s; %d came, the last one %s", text, len(t.got), last(t.got))
		}
	}
}

func last(entries []journal.Entry) string {
	if len(entries) == 0 {
		return "none"
	}
	return string(entries[len(entries)-1].Message)
}
