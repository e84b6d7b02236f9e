package amqp_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/testenv"
)

// Nodes announce no gap when they start together on a fresh broker, restart, lose
// their connections, and get a message now and then.
func TestGuard_NoGapWithoutFault(t *testing.T) {
	t.Parallel()
	cfg := withGrace(newConfig(t))
	cfg.CheckInterval = soon
	through, proxy := behindProxy(t, cfg)
	var nodes []*node
	start := func(cfg amqp.Config, name string) *node {
		cfg.Node = name
		nodes = append(nodes, startNode(t, cfg))
		return nodes[len(nodes)-1]
	}
	a, b := start(cfg, "node-a"), start(withPortable(cfg), "node-b")
	c := start(through, "node-c")
	for _, n := range nodes {
		n.awaitFollowing(t)
	}
	alices := a.tapWithGaps(t)
	p := amqptest.NewPeer(t, cfg.URL)
	markers := p.Follow(cfg.Stream)
	steps := []func(){
		func() {},
		func() { proxy.Cut(); c.awaitFollowing(t) },
		func() { b.stop(t) },
		func() { start(cfg, "node-b").awaitFollowing(t) },
		func() { start(withPortable(cfg), "node-d").awaitFollowing(t) },
		func() { proxy.Cut() },
	}
	for i, step := range steps {
		p.Send(cfg.Exchanges, order(2*i), trade(2*i+1))
		step()
		awaitMarkers(t, markers, 2) // at least one check
	}
	p.Send(cfg.Exchanges, order(100))
	if got, want := numbers(t, alices.await(t, idText(100))), 2*len(steps)+1; len(got) != want {
		t.Errorf("got the events %v of alice, want %d", got, want)
	}
	for _, n := range nodes {
		if got := n.metrics.gaps.total(); got != 0 {
			t.Errorf("got %d gaps of a node, want none: %v", got, n.log.all())
		}
	}
	if got := gapRecords(t, p.Stream(cfg.Stream)); len(got) != 0 {
		t.Errorf("got the gaps %v in the stream, want none", got)
	}
}

// The probe of a busy exchange may get a message while it is being unbound, and the
// next check reads it. That message is known to have arrived, even if many came since.
// Here they are fewer than Recent remembers; how many that must be is the claim of
// its own test.
func TestGuard_NoGapAtBusyExchange(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	cfg := withGrace(newConfig(t))
	cfg.CheckInterval = 100 * time.Millisecond
	n, _, p := setUp(t, cfg)
	markers := amqptest.NewPeer(t, cfg.URL).Follow(cfg.Stream)
	ctx, cancel := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	publishing.Go(func() {
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			if err := p.Channel.PublishWithContext(t.Context(), cfg.Exchanges.Trades, "", false, false, amqptest.Publishing(trade(i))); err != nil {
				t.Error(err)
				return
			}
			if i%20 == 0 { // at most 1,000 a second; above 100 an exchange is busy
				<-pace.C
			}
		}
	})
	defer publishing.Wait()
	defer cancel()
	for range 8 {
		awaitChecks(t, markers, time.Now().UnixMilli(), cfg.Node)
	}
	if got := n.metrics.gaps.total(); got != 0 {
		t.Errorf("got %d gaps though nothing was lost, want none", got)
	}
}
