package amqp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// catchUp calls CatchUp, which must succeed.
func (n *node) catchUp(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), testenv.Patience)
	defer cancel()
	if err := n.source.CatchUp(ctx); err != nil {
		tb.Errorf("CatchUp: got error %v, want none", err)
	}
}

// What was confirmed before the call is in the journal after it, and many concurrent
// callers cost few markers.
func TestCatchUp_ReturnsWhenJournalHasEverything(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	through, proxy := behindProxy(t, cfg)
	n, alices, p := setUp(t, through)
	for i := range 20 {
		p.Send(cfg.Exchanges, order(i))
		n.catchUp(t)
		if got := len(alices.read(t)); got != i+1 {
			t.Fatalf("got %d events in the journal, want %d", got, i+1)
		}
	}
	proxy.Block()
	n.awaitLog(t, lostConnection)
	before := len(markersOf(p.Stream(cfg.Stream)))
	const callers = 1000
	var all sync.WaitGroup
	for range callers {
		all.Go(func() { n.catchUp(t) })
	}
	testenv.Eventually(t, "all callers wait", func() bool { return n.source.Waiting() == callers })
	proxy.Unblock()
	all.Wait()
	if cost := len(markersOf(p.Stream(cfg.Stream))) - before; cost > callers/4 {
		t.Errorf("got %d markers for %d callers, want %d at most", cost, callers, callers/4)
	}
}

// A caller that waits while connections end is still answered, and correctly.
func TestCatchUp_AcrossReconnects(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	through, proxy := behindProxy(t, cfg)
	n, alices, p := setUp(t, through)
	for i := range 5 {
		p.Send(cfg.Exchanges, order(i))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { n.catchUp(t) })
		}
		proxy.Cut()
		all.Wait()
		if got := len(alices.read(t)); got != i+1 {
			t.Errorf("got %d events in the journal, want %d", got, i+1)
		}
	}
}

// Without a broker CatchUp waits for one, or for the end of its context.
func TestCatchUp_WithoutBroker(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	through, proxy := behindProxy(t, cfg)
	proxy.Block()
	n := newNode(through)
	ctx, cancel := context.WithCancel(t.Context())
	const callers = 10
	ended := make(chan error, callers)
	for range callers {
		go func() { ended <- n.source.CatchUp(ctx) }()
	}
	n.run(t)
	n.awaitLog(t, lostConnection)
	cancel()
	for range callers {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
	}
	if got := n.source.Waiting(); got != 0 {
		t.Errorf("got %d waiting callers after all have returned, want none", got)
	}
	go func() { ended <- n.source.CatchUp(t.Context()) }()
	n.awaitLog(t, lostConnection)
	select {
	case err := <-ended:
		t.Fatalf("CatchUp returned %v without a broker, want it to wait", err)
	default:
	}
	proxy.Unblock()
	select {
	case err := <-ended:
		if err != nil || !n.source.Status().CaughtUp {
			t.Errorf("got error %v, status %+v, want none, CaughtUp", err, n.source.Status())
		}
	case <-time.After(testenv.Patience):
		t.Error("CatchUp did not return when the broker was back")
	}
}
