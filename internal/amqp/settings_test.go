package amqp_test

import (
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/testenv"
)

// TestOneBroker is everything that needs a broker of the package's own, in sequence:
// to start one costs more than most tests. Each part can be run by itself.
func TestOneBroker(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	b := testenv.NewBroker(t, map[string]string{"none": "FEATURE_FLAGS=\n"}) // at the first start none is enabled
	for _, part := range []struct {
		name string
		test func(*testing.T, *testenv.Broker)
	}{
		{"settings", testSettings}, // enables them
		{"access", testAccess},
		{"probe unreachable", testProbeUnreachable},
		{"alarm", testAlarm},
		{"killed and restored", testBrokerKilled},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, b) })
	}
}

// testSettings: a broker without streams gets its own advice. With streams, a quiet
// stream does not lose its connection because of late acknowledgements.
func testSettings(t *testing.T, b *testenv.Broker) {
	const timeout = time.Second
	amqptest.Eval(b, `[application:set_env(rabbit, K, V) || {K, V} <- [{consumer_timeout, 1000}, {channel_tick_interval, 200}]]`)
	t.Cleanup(func() {
		amqptest.Eval(b, `[application:set_env(rabbit, K, V) || {K, V} <- [{consumer_timeout, 1800000}, {channel_tick_interval, 60000}]]`)
	})
	cfg := newConfigOn(t, b.URL)
	cfg.CheckInterval = soon
	n := startNode(t, cfg)
	n.awaitLog(t, "AMQP_SOURCE=queue")
	n.awaitLog(t, "AMQP_SOURCE=queue")
	if got := n.source.Status(); got.State != amqp.Connecting || got.CaughtUp {
		t.Errorf("status of a broker without streams: got %+v, want connecting and not CaughtUp", got)
	}
	amqptest.Eval(b, amqptest.EnableFeatures)
	n.awaitFollowing(t)
	n.awaitLasting(t, amqp.Following, 3*timeout)
	n.stop(t)
}

// testAlarm: a broker under an alarm takes no marker. A node that starts then reads
// what is stored, and has not caught up until the alarm is over. Such silence does not
// end its connections.
func testAlarm(t *testing.T, b *testenv.Broker) {
	amqptest.Eval(b, amqptest.EnableFeatures)
	cfg := newConfigOn(t, b.URL)
	const messages = 300
	cfg.Prefetch = 20 // fewer than are stored: the broker must get acknowledgements
	fillStream(t, cfg, messages)
	amqptest.Eval(b, `rabbit_alarm:set_alarm({{resource_limit, disk, node()}, []})`)
	cfg.CheckInterval = soon
	limits := unlimited()
	limits.Silence, limits.Close = time.Second, 100*time.Millisecond // the broker does not answer a close, and the state lasts until then
	n := newNode(cfg.Within(limits))
	alices := n.tap(t, alice)
	n.run(t)
	alices.await(t, idText(messages-1))
	n.awaitLasting(t, amqp.Reading, 3*limits.Silence)
	if got := n.source.Status(); got.CaughtUp {
		t.Errorf("status under an alarm: got %+v, want not CaughtUp", got)
	}
	amqptest.Eval(b, `rabbit_alarm:clear_alarm({resource_limit, disk, node()})`)
	n.awaitFollowing(t)
}
