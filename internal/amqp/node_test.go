package amqp_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// node is a Source with what it writes: journal, metrics and log.
type node struct {
	source  *amqp.Source
	journal *journal.Journal
	metrics counted
	log     logged
	mark    int                // number of the log line that awaitLog begins at
	cancel  context.CancelFunc // ends Run
	ended   chan error         // receives what Run returned
}

// newNode returns a node that does not run yet. Its journal has room for everything
// that a test publishes.
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

// startFollowing returns a node that has caught up and runs until the test ends, and
// a reader of alice's events from then on.
func startFollowing(tb testing.TB, cfg amqp.Config) (n *node, alices *tap) {
	tb.Helper()
	n = startNode(tb, cfg)
	n.awaitFollowing(tb)
	return n, n.tap(tb, alice)
}

// setUp is startFollowing with a client of the broker that all tests share. cfg may
// be of a proxy: the client connects to the broker itself.
func setUp(tb testing.TB, cfg amqp.Config) (n *node, alices *tap, p *amqptest.Peer) {
	tb.Helper()
	n, alices = startFollowing(tb, cfg)
	return n, alices, amqptest.NewPeer(tb, testenv.RabbitMQ(tb))
}

// stop ends Run and waits until it returns.
func (n *node) stop(tb testing.TB) {
	tb.Helper()
	n.cancel()
	select {
	case err := <-n.ended:
		if err != nil {
			tb.Errorf("Run: got error %v, want none", err)
		}
		n.ended <- err // for a second stop
	case <-time.After(testenv.Patience):
		tb.Error("Run did not return after its context had ended")
	}
}

// awaitLog waits for a line that was logged since the last call and contains text in
// its message, error or advice.
func (n *node) awaitLog(tb testing.TB, text string) line {
	tb.Helper()
	var l line
	l, n.mark = n.log.await(tb, fmt.Sprintf("the log line %q", text), n.mark, says(text))
	return l
}

// says returns whether a line contains text in its message, error or advice.
func says(text string) func(line) bool {
	return func(l line) bool {
		return strings.Contains(fmt.Sprintln(l.text, l.attrs["error"], l.attrs["advice"]), text)
	}
}

// lostConnection is logged when a connection has ended.
const lostConnection = "lost the broker, will reconnect"

// checkKeptConnection checks that no connection has ended.
func (n *node) checkKeptConnection(tb testing.TB) {
	tb.Helper()
	if got := n.log.count(says(lostConnection)); got != 0 {
		tb.Errorf("got %d ended connections, want none: %v", got, n.log.all())
	}
}

// awaitFollowing waits until the node has caught up once more. It may have lost its
// connections again by then, because an operator's closing may reach the next ones as
// well: then it logs that, and catches up again.
func (n *node) awaitFollowing(tb testing.TB) {
	tb.Helper()
	for {
		n.awaitLog(tb, "caught up")
		got := n.source.Status()
		if got.State == amqp.Following {
			if !got.CaughtUp || got.Error != nil {
				tb.Errorf("status of a node that has caught up: got %+v, want CaughtUp and no Error", got)
			}
			return
		}
		n.awaitLog(tb, lostConnection)
	}
}

// awaitFollowingAfter calls f, which ends the connection, and waits until the node
// has caught up again.
func (n *node) awaitFollowingAfter(tb testing.TB, f func()) {
	tb.Helper()
	f()
	n.awaitLog(tb, lostConnection)
	n.awaitFollowing(tb)
}

// awaitLasting waits until the node has been in a state for a while. On a slow
// machine it may need some connections until one lasts.
func (n *node) awaitLasting(tb testing.TB, want amqp.State, long time.Duration) {
	tb.Helper()
	timeout := time.After(testenv.Patience)
	for {
		wait := long
		if got := n.source.Status(); got.State == want {
			if wait -= time.Since(got.Since); wait <= 0 {
				return
			}
		}
		select {
		case <-time.After(wait):
		case <-timeout:
			tb.Fatalf("got state %v, want %v for %v: %v", n.source.Status().State, want, long, n.log.all())
		}
	}
}

// startAndStop runs a node until it has caught up: afterwards the broker has all that
// it declares.
func startAndStop(tb testing.TB, cfg amqp.Config) {
	tb.Helper()
	n := startNode(tb, cfg)
	n.awaitFollowing(tb)
	n.stop(tb)
}
