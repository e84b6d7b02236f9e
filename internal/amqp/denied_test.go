package amqp_test

import (
	"strings"
	"testing"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// guardOff is logged for an exchange without canary or probe.
const guardOff = "gap detection is off for exchange"

// testDenied: if the broker's user may not place canaries and probes, the log says
// once what to permit; no gap is announced without proof; and a check repairs what it
// can find.
func testDenied(t *testing.T, b *testenv.Broker, user string) {
	t.Helper()
	cfg := newConfigOn(t, b.URL) // guest may delete its names
	guests := cfg.URL
	cfg.URL, cfg.CheckInterval = amqptest.As(b, user, "right", ""), soon
	p := amqptest.NewPeer(t, guests)
	for i := range 2 { // the first one declares the stream
		n := startNode(t, cfg)
		l := n.awaitLog(t, guardOff)
		if got := l.attrs["exchange"]; got != cfg.Exchanges.Orders {
			t.Errorf("first warning: got exchange %v, want %s", got, cfg.Exchanges.Orders)
		}
		second := n.awaitLog(t, guardOff)
		if got := second.attrs["exchange"]; got != cfg.Exchanges.Trades {
			t.Errorf("second warning: got exchange %v, want %s", got, cfg.Exchanges.Trades)
		}
		orders := cfg.Exchanges.Orders
		for _, want := range []string{amqptest.Canary(cfg.Config, orders), amqptest.Probe(cfg.Config, orders), "write to exchange " + orders} {
			if advice := l.attrs["advice"].(string); !strings.Contains(advice, want) {
				t.Errorf("got advice %q, want one that contains %q", advice, want)
			}
		}
		n.awaitFollowing(t)
		alices := n.tap(t, alice)
		p.Send(cfg.Exchanges, order(10*i), trade(10*i+1))
		alices.await(t, idText(10*i+1))

		p.Unbind(cfg.Stream, orders)
		awaitMarkers(t, p.Follow(cfg.Stream), 2) // it is bound before the second is sent
		p.Send(cfg.Exchanges, order(10*i+2))
		alices.await(t, idText(10*i+2))
		if got := n.metrics.gaps.total(); got != 0 {
			t.Errorf("got %d gaps, want none", got)
		}
		if i == 1 {
			p.DeleteExchange(orders)
			n.metrics.gaps.await(t, "a gap", 0, is(event.GapExchange))
			awaitMarkers(t, p.Follow(cfg.Stream), 1)
			p.Send(cfg.Exchanges, order(13))
			alices.await(t, idText(13))
			amqptest.Eval(b, amqptest.CloseConnections(user))
			n.awaitFollowing(t)
		}
		if got := n.log.count(says(guardOff)); got != 2 {
			t.Errorf("got %d warnings, want one for each exchange", got)
		}
		n.stop(t)
	}
}

// testHalfDenied: if canary and probe of one exchange are refused, the other one is
// still checked.
func testHalfDenied(t *testing.T, b *testenv.Broker, user string) {
	t.Helper()
	cfg := newConfigOn(t, b.URL)
	cfg.URL, cfg.CheckInterval = amqptest.As(b, user, "right", ""), soon
	n := startNode(t, cfg)
	l := n.awaitLog(t, guardOff)
	if got := l.attrs["exchange"]; got != cfg.Exchanges.Orders {
		t.Errorf("warning: got exchange %v, want %s", got, cfg.Exchanges.Orders)
	}
	n.awaitFollowing(t)
	p := amqptest.NewPeer(t, b.URL)
	p.Unbind(cfg.Stream, cfg.Exchanges.Trades)
	p.Send(cfg.Exchanges, trade(1))
	n.metrics.gaps.await(t, "a gap", 0, is(event.GapBinding))
	if got := n.log.count(says(guardOff)); got != 1 {
		t.Errorf("got %d warnings, want 1", got)
	}
}

// testRunDenied: if the queue that shows a restart is refused, the log says once what to
// permit, and both exchanges are still checked.
func testRunDenied(t *testing.T, b *testenv.Broker, user string) {
	t.Helper()
	cfg := newConfigOn(t, b.URL)
	cfg.URL, cfg.CheckInterval = amqptest.As(b, user, "right", ""), soon
	n := startNode(t, cfg)
	const off = "restarts of the broker are not detected"
	l := n.awaitLog(t, off)
	if advice := l.attrs["advice"].(string); !strings.Contains(advice, cfg.Stream+".run.") {
		t.Errorf("got advice %q, want one that names the queue", advice)
	}
	n.awaitFollowing(t)
	p := amqptest.NewPeer(t, b.URL)
	p.Unbind(cfg.Stream, cfg.Exchanges.Trades)
	p.Send(cfg.Exchanges, trade(1))
	n.metrics.gaps.await(t, "a gap", 0, is(event.GapBinding))
	p.DeleteExchange(cfg.Exchanges.Orders)
	n.metrics.gaps.await(t, "a gap", 0, is(event.GapExchange))
	if got := n.log.count(says(off)); got != 1 {
		t.Errorf("got %d warnings, want 1", got)
	}
}
