package amqp_test

import (
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

// I2: connections that end in the middle of a flood cost nothing: everything that
// was confirmed comes once and in order, and is counted once.
func TestConnectionsEndMidStream(t *testing.T) {
	t.Parallel()
	n := testConnectionsEnd(t, newConfig(t, sharedURL(t)))
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

// I2: the broker's power is cut in the middle of a flood: what was confirmed
// comes, and what a publisher sends again since it was not, comes once. Later its
// data are restored from an older copy.
func TestBrokerKilled(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	// RabbitMQ 3.10 does not find its first stream again when it is killed just
	// after it was made, so a stop in good order comes first.
	r := beforeCopy(t, s)
	testBrokerAway(t, s, func() { copyData(t, s) })
	r.afterCopy(t, s)
	cfg := newConfig(t, s.url)
	cfg.Exchanges.Durable = true
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)

	before := startFlood(t, cfg, 0)
	alices.await(t, idText(500))
	s.kill()
	<-before.ended
	if len(before.confirmed) < 500 || len(before.confirmed) == before.next {
		t.Fatalf("%d of %d messages were confirmed: the broker was not killed in between", len(before.confirmed), before.next)
	}
	s.start()
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
	r.check(t, s)
}

// testBrokerAway stops a broker for a while. Exchanges that are not durable have
// gone when it comes back, which is told.
func testBrokerAway(t *testing.T, s *server, meanwhile func()) {
	cfg := newConfig(t, s.url)
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	newPeer(t, s.url).send(cfg, order(1))
	alices.await(t, idText(1))

	s.stop()
	first := n.awaitLog(t, "RABBITMQ_HOST")
	for range 3 {
		n.awaitLog(t, "RABBITMQ_HOST")
	}
	fifth := n.awaitLog(t, "RABBITMQ_HOST")
	if waited := fifth.at.Sub(first.at); waited < 750*time.Millisecond {
		t.Errorf("five tries took %v: it does not back off", waited)
	}
	if got := n.source.Status(); got.State != amqp.Connecting || got.Error == nil || !got.CaughtUp {
		t.Errorf("status without a broker: %+v", got)
	}
	meanwhile()
	s.start()
	n.awaitLog(t, "an exchange was missing")
	n.awaitFollowing(t)
	n.metrics.gaps.await(t, "a gap", 0, func(g event.GapReason) bool { return g == event.GapExchange })
	newPeer(t, s.url).send(cfg, order(2))
	if got := len(alices.await(t, idText(2))); got != 2 {
		t.Errorf("alice got %d events, want 2", got)
	}
}
