package amqp_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// checkOrdersUnguarded waits for the warning that there is no guard of the exchange of
// Orders, with this advice, and checks that there is one of Trades.
func checkOrdersUnguarded(t *testing.T, n *node, p *amqptest.Peer, cfg amqp.Config, advice string) {
	t.Helper()
	l := n.awaitLog(t, guardOff)
	if got := l.attrs["exchange"]; got != cfg.Exchanges.Orders {
		t.Errorf("warning: got exchange %v, want %s", got, cfg.Exchanges.Orders)
	}
	if got := fmt.Sprint(l.attrs["advice"]); !strings.Contains(got, advice) {
		t.Errorf("got advice %q, want one that contains %q", got, advice)
	}
	n.awaitFollowing(t)
	p.Unbind(cfg.Stream, cfg.Exchanges.Trades)
	p.Send(cfg.Exchanges, trade(1))
	n.metrics.gaps.await(t, "a gap", 0, is(event.GapBinding))
}

// If another client has declared a queue with the name of a probe, the cause is not a
// permission. When the queue is deleted, its exchange gets its guard.
func TestGuard_QueueWithNameOfProbe(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	name := amqptest.Probe(cfg.Config, cfg.Exchanges.Orders)
	p.DeclareQueue(name, true, nil)
	cfg, proxy := behindProxy(t, cfg)
	cfg.CheckInterval = soon
	n := startNode(t, cfg)
	checkOrdersUnguarded(t, n, p, cfg, "queue "+name+" exists with other properties: delete it")
	n.awaitFollowingAfter(t, func() { p.DeleteQueue(name); proxy.Cut() })
	p.Unbind(cfg.Stream, cfg.Exchanges.Orders)
	p.Send(cfg.Exchanges, order(1))
	n.metrics.gaps.await(t, "another gap", 1, is(event.GapBinding))
}

// RabbitMQ 4 closes a connection that asks for a feature that it does not permit. The
// node asks once, or twice if it cannot read the reason, also if the stream exists already.
func TestGuard_StopsAskingForProbeThatIsNotPermitted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason, advice string
		asks           int
	}{
		"RabbitMQ 4": {
			"INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\nBy default, this feature is not permitted anymore.",
			"deprecated_features.permit.", 1,
		},
		"other words": {"INTERNAL_ERROR - not this", "ranger asks again", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testNotPermitted(t, c.reason, c.advice, c.asks)
		})
	}
}

// testNotPermitted: the broker does not permit a probe, for this reason; the node asks
// that often.
func testNotPermitted(t *testing.T, reason, advice string, asks int) {
	t.Helper()
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	cfg, proxy := behindProxy(t, cfg)
	cfg.CheckInterval = soon
	declared := []byte(amqptest.Probe(cfg.Config, cfg.Exchanges.Orders))
	proxy.Edit(func(frame []byte) []byte {
		if amqptest.MethodOf(frame) == amqptest.QueueDeclareOK && bytes.Contains(frame, declared) {
			return amqptest.CloseConnection(541, reason)
		}
		return frame
	})
	for range 2 { // the first one declares the stream
		n := startNode(t, cfg)
		checkOrdersUnguarded(t, n, p, cfg, advice)
		n.awaitFollowingAfter(t, proxy.Cut)
		denied := func(l line) bool { return l.text == lostConnection && says("541")(l) }
		if got := n.log.count(denied); got != asks {
			t.Errorf("got %d refusals, want %d", got, asks)
		}
		if got := n.log.count(says(guardOff)); got != 1 {
			t.Errorf("got %d warnings, want 1", got)
		}
		n.stop(t)
	}
}

// testProbeUnreachable: a node follows although the broker cannot reach a probe,
// because the probe's node is down or its process has crashed.
func testProbeUnreachable(t *testing.T, b *testenv.Broker) {
	amqptest.Eval(b, amqptest.EnableFeatures)
	cfg := newConfigOn(t, b.URL)
	cfg.CheckInterval = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	name := amqptest.Probe(cfg.Config, cfg.Exchanges.Orders)
	amqptest.Eval(b, fmt.Sprintf(`R = rabbit_misc:r(<<"/">>, queue, <<%q>>),
		{ok, Q} = rabbit_amqqueue:lookup(R),
		{dictionary, D} = process_info(amqqueue:get_pid(Q), dictionary),
		exit(hd(proplists:get_value('$ancestors', D)), kill),
		rabbit_misc:execute_mnesia_transaction(fun() -> rabbit_amqqueue:update(R, fun(X) -> amqqueue:set_state(X, crashed) end) end)`, name))
	n.awaitLog(t, "start the broker's node that has queue "+name)
	late := startNode(t, cfg)
	late.awaitFollowing(t)
	amqptest.Eval(b, amqptest.CloseConnections(""))
	n.awaitFollowing(t)

	p := amqptest.NewPeer(t, b.URL)
	p.DeleteQueue(name)
	awaitMarkers(t, p.Follow(cfg.Stream), 2)
	p.Unbind(cfg.Stream, cfg.Exchanges.Orders)
	p.Send(cfg.Exchanges, order(1))
	n.metrics.gaps.await(t, "a gap", 0, is(event.GapBinding))
}
