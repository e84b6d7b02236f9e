package amqp_test

import (
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

// TestOneBroker is all that takes a broker of the package's own, one thing after
// another: to start one costs more than most tests. Each part can be run by itself.
func TestOneBroker(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	b := testenv.NewBroker(t, map[string]string{"none": "FEATURE_FLAGS=\n"}) // at the first start: none is on
	for _, part := range []struct {
		name string
		test func(*testing.T, *testenv.Broker)
	}{
		{"settings", testSettings}, // enables them
		{"access", testAccess},
		{"witness away", testWitnessAway},
		{"alarm", testAlarm},
		{"killed and restored", testBrokerKilled},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, b) })
	}
}

// awaitLasting waits until the node has been in a state for a while. On a slow machine
// it may take some connections until one lasts.
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
			tb.Fatalf("the node was never %v for %v: %v", want, long, n.log.items)
		}
	}
}

// testSettings: a broker without streams is told apart from one that is out of
// sorts. When it has them, a quiet stream is not given up for acknowledgements that
// are owed.
func testSettings(t *testing.T, b *testenv.Broker) {
	const timeout = time.Second
	eval(b, `[application:set_env(rabbit, K, V) || {K, V} <- [{consumer_timeout, 1000}, {channel_tick_interval, 200}]]`)
	t.Cleanup(func() {
		eval(b, `[application:set_env(rabbit, K, V) || {K, V} <- [{consumer_timeout, 1800000}, {channel_tick_interval, 60000}]]`)
	})
	cfg := newConfig(t, b.URL)
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitLog(t, "AMQP_SOURCE=queue")
	n.awaitLog(t, "AMQP_SOURCE=queue")
	if got := n.source.Status(); got.State != amqp.Connecting || got.CaughtUp {
		t.Errorf("status: got %+v, want connecting", got)
	}
	eval(b, enableAll)
	n.awaitFollowing(t)
	n.awaitLasting(t, amqp.Following, 3*timeout)
	n.stop(t)
}

// testAlarm: a broker under an alarm takes no marker: a node that starts reads
// what there is, and has not caught up until the alarm is over. That is not the
// silence for which it gives a connection up.
func testAlarm(t *testing.T, b *testenv.Broker) {
	eval(b, enableAll)
	cfg := newConfig(t, b.URL)
	const messages = 300
	cfg.Prefetch = 20 // the backlog is more: the broker has to hear how far we are
	fill(t, cfg, messages)
	eval(b, `rabbit_alarm:set_alarm({{resource_limit, disk, node()}, []})`)
	cfg.LookEvery = soon
	limits := unlimited()
	limits.Silence, limits.Goodbye = time.Second, 100*time.Millisecond // the broker answers none, and till then the state stays
	n := newNode(cfg.Within(limits))
	alices := n.tap(t, alice)
	n.run(t)
	alices.await(t, idText(messages-1))
	n.awaitLasting(t, amqp.Reading, 3*limits.Silence)
	if got := n.source.Status(); got.CaughtUp {
		t.Errorf("status under an alarm: got %+v, want that it has not caught up", got)
	}
	eval(b, `rabbit_alarm:clear_alarm({resource_limit, disk, node()})`)
	n.awaitFollowing(t)
}
