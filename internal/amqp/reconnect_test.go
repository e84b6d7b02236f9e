package amqp_test

import (
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// I2: connections that end in the middle of a flood cost nothing: everything that
// was confirmed comes once and in order, and is counted once.
func TestConnectionsEndMidStream(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	n := testConnectionsEnd(t, newConfig(t, testenv.RabbitMQ(t)))
	if lost := n.log.count(says("dropped")) + n.log.count(says("not the one read before")); lost != 0 {
		t.Errorf("%d times the node thought that something was lost: %v", lost, n.log.items)
	}
}

// testConnectionsEnd returns the node whose connections have ended.
func testConnectionsEnd(t *testing.T, cfg amqp.Config) *node {
	t.Helper()
	through, parted := behindProxy(t, cfg)
	n := startNode(t, through)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)

	f := startFlood(t, cfg, 0)
	for i := range 5 {
		alices.await(t, idText(200*(i+1)))
		parted.cut()
		n.awaitLog(t, "will reconnect")
		n.awaitFollowing(t)
	}
	f.stop()
	newPeer(t, cfg.URL).send(cfg, order(f.next))
	got := numbers(t, alices.await(t, idText(f.next)))
	checkNumbers(t, got, append(f.confirmed, f.next))
	if counted := n.metrics.events.count(func(event.Kind) bool { return true }); counted != len(got) {
		t.Errorf("%d events were counted, %d came", counted, len(got))
	}
	return n
}

// testBrokerKilled: I2: the broker's power is cut in the middle of a flood: what was
// confirmed comes, and what a publisher sends again since it was not, comes once.
// Meanwhile another node tries again and again, and finds that its exchanges, which
// are not durable, have gone. Later the broker's data are restored from what they were
// when the power was cut.
func testBrokerKilled(t *testing.T, b *testenv.Broker) {
	eval(b, enableAll)
	r := beforeCopy(t, b)
	away := startAway(t, b)
	cfg := hearing(newConfig(t, b.URL))
	cfg.Exchanges.Durable = true
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)

	before := startFlood(t, cfg, 0)
	alices.await(t, idText(500))
	b.Sync()
	b.Kill()
	<-before.ended
	if len(before.confirmed) < 500 || len(before.confirmed) == before.next {
		t.Fatalf("%d of %d messages were confirmed: the broker was not killed in between", len(before.confirmed), before.next)
	}
	away.tries(t)
	copyData(t, b)
	b.Start()
	away.finds(t, b)
	n.awaitFollowing(t) // until the stream is up again, what comes is not routed
	if got := n.metrics.gaps.count(func(g event.GapReason) bool { return g == event.GapExchange }); got == 0 {
		t.Errorf("no gap was told, though messages were taken before the stream was up: %v", n.log.items)
	}
	before.again(t, cfg)
	after := startFlood(t, cfg, before.next)
	alices.await(t, idText(before.next+200))
	after.stop()
	newPeer(t, cfg.URL).send(cfg, order(after.next))
	got := numbers(t, alices.await(t, idText(after.next)))
	checkNumbers(t, got, append(append(before.confirmed, after.confirmed...), after.next))
	checkConsecutive(t, got[:before.next])
	if lost := n.log.count(says("dropped")) + n.log.count(says("not the one read before")); lost != 0 {
		t.Errorf("%d times the node thought that something was lost: %v", lost, n.log.items)
	}
	n.stop(t)
	r.afterCopy(t, b)
	r.check(t, b)
}

// away is a node whose broker goes.
type away struct {
	*node
	cfg    amqp.Config
	alices *tap
}

func startAway(t *testing.T, b *testenv.Broker) *away {
	t.Helper()
	cfg := hearing(newConfig(t, b.URL))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	a := &away{n, cfg, n.tap(t, alice)}
	newPeer(t, b.URL).send(cfg, order(1))
	a.alices.await(t, idText(1))
	return a
}

// tries checks that it tries again and again, and backs off.
func (a *away) tries(t *testing.T) {
	t.Helper()
	first := a.awaitLog(t, "RABBITMQ_HOST")
	for range 3 {
		a.awaitLog(t, "RABBITMQ_HOST")
	}
	fifth := a.awaitLog(t, "RABBITMQ_HOST")
	if waited := fifth.at.Sub(first.at); waited < 750*time.Millisecond { // which a slow machine only adds to
		t.Errorf("five tries took %v: it does not back off", waited)
	}
	if got := a.source.Status(); got.State != amqp.Connecting || got.Error == nil || !got.CaughtUp {
		t.Errorf("status without a broker: %+v", got)
	}
}

// finds checks that it reads on, and tells that the exchanges were gone.
func (a *away) finds(t *testing.T, b *testenv.Broker) {
	t.Helper()
	a.awaitLog(t, "an exchange was missing")
	a.awaitFollowing(t)
	a.metrics.gaps.await(t, "a gap", 0, func(g event.GapReason) bool { return g == event.GapExchange })
	newPeer(t, b.URL).send(a.cfg, order(2))
	if got := len(a.alices.await(t, idText(2))); got != 2 {
		t.Errorf("alice got %d events, want 2", got)
	}
	a.stop(t)
}
