package amqp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// catchUp returns when CatchUp has, which has to succeed.
func catchUp(tb testing.TB, n *node) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), testenv.Patience)
	defer cancel()
	if err := n.source.CatchUp(ctx); err != nil {
		tb.Errorf("catch up: %v", err)
	}
}

// What was confirmed before the call is in the journal after it, and many who
// wait at once cost few markers.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	through, parted := behindProxy(t, cfg)
	n := startNode(t, through)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	for i := range 20 {
		p.send(cfg, order(i))
		catchUp(t, n)
		if got := len(alices.read(t)); got != i+1 {
			t.Fatalf("%d events are in the journal, want %d", got, i+1)
		}
	}
	parted.part()
	n.awaitLog(t, "will reconnect")
	before := len(markersOf(p.stream(cfg.Stream)))
	const callers = 1000
	var all sync.WaitGroup
	for range callers {
		all.Go(func() { catchUp(t, n) })
	}
	testenv.Eventually(t, "all callers wait", func() bool { return n.source.Waiting() == callers })
	parted.join()
	all.Wait()
	if cost := len(markersOf(p.stream(cfg.Stream))) - before; cost > callers/4 {
		t.Errorf("%d callers cost %d markers", callers, cost)
	}
}

// Who asks while connections end is answered all the same, and rightly.
func TestCatchUpAcrossCuts(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	through, parted := behindProxy(t, cfg)
	n := startNode(t, through)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	for i := range 5 {
		p.send(cfg, order(i))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { catchUp(t, n) })
		}
		parted.cut()
		all.Wait()
		if got := len(alices.read(t)); got != i+1 {
			t.Errorf("%d events are in the journal, want %d", got, i+1)
		}
	}
}

// Where the broker is away CatchUp waits for it, or for its context's end.
func TestCatchUpWithoutBroker(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	through, parted := behindProxy(t, cfg)
	parted.part()
	n := newNode(through)
	ctx, cancel := context.WithCancel(t.Context())
	const callers = 10
	ended := make(chan error, callers)
	for range callers {
		go func() { ended <- n.source.CatchUp(ctx) }()
	}
	n.run(t)
	n.awaitLog(t, "will reconnect")
	cancel()
	for range callers {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	}
	if got := n.source.Waiting(); got != 0 {
		t.Errorf("%d who have gone are remembered", got)
	}
	go func() { ended <- n.source.CatchUp(t.Context()) }()
	n.awaitLog(t, "will reconnect")
	select {
	case err := <-ended:
		t.Fatalf("it returned %v without a broker", err)
	default:
	}
	parted.join()
	select {
	case err := <-ended:
		if err != nil || !n.source.Status().CaughtUp {
			t.Errorf("it returned %v, status %+v", err, n.source.Status())
		}
	case <-time.After(testenv.Patience):
		t.Error("it did not return")
	}
}
