package amqp_test

import (
	"testing"

	"ranger/internal/amqp"
)

// What takes a broker of the test's own, but no restart of it.
func TestOneBroker(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]string{"none": "FEATURE_FLAGS=\n"}) // at the first start: none is on
	t.Run("settings", func(t *testing.T) { testSettings(t, s) })
	t.Run("access", func(t *testing.T) { testAccess(t, s) })
	t.Run("witness away", func(t *testing.T) { testWitnessAway(t, s) })
	t.Run("alarm", func(t *testing.T) { testAlarm(t, s) })
}

// testSettings: a broker without streams is told apart from one that is out of
// sorts. When it has them, a quiet stream is not given up for acknowledgements that
// are owed.
func testSettings(t *testing.T, s *server) {
	t.Helper()
	s.ctl("eval", `[application:set_env(rabbit, K, V) || {K, V} <- [{consumer_timeout, 2000}, {channel_tick_interval, 200}]].`)
	cfg := newConfig(t, s.url)
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitLog(t, "AMQP_SOURCE=queue")
	n.awaitLog(t, "AMQP_SOURCE=queue")
	if got := n.source.Status(); got.State != amqp.Connecting || got.CaughtUp {
		t.Errorf("status: got %+v, want connecting", got)
	}
	s.ctl("enable_feature_flag", "all")
	n.awaitFollowing(t)

	awaitMarkers(t, newPeer(t, s.url).follow(cfg.Stream), 6) // two looks each: twice the timeout
	if got := n.log.count(says("will reconnect")); got != n.log.count(says("AMQP_SOURCE=queue")) {
		t.Errorf("the broker ended a quiet consumer: %v", n.log.items)
	}
	n.stop(t)
	s.ctl("eval", `[application:set_env(rabbit, K, V) || {K, V} <- [{consumer_timeout, 1800000}, {channel_tick_interval, 60000}]].`)
}

// testAlarm: a broker under an alarm takes no marker: a node that starts reads
// what there is, and has not caught up until the alarm is over.
func testAlarm(t *testing.T, s *server) {
	t.Helper()
	cfg := newConfig(t, s.url)
	const messages = 300
	cfg.Prefetch = 20 // the backlog is more: the broker has to hear how far we are
	fill(t, cfg, messages)
	s.ctl("eval", `rabbit_alarm:set_alarm({{resource_limit, disk, node()}, []}).`)
	cfg.LookEvery = soon
	n := newNode(cfg)
	alices := n.tap(t, alice)
	n.run(t)
	alices.await(t, idText(messages-1))
	s.ctl("list_queues") // takes longer than a look
	if got := n.source.Status(); got.State != amqp.Reading || got.CaughtUp {
		t.Errorf("status under an alarm: got %+v, want reading", got)
	}
	s.ctl("eval", `rabbit_alarm:clear_alarm({resource_limit, disk, node()}).`)
	n.awaitFollowing(t)
	if got := n.log.count(says("will reconnect")); got != 0 {
		t.Errorf("the node lost patience: %v", n.log.items)
	}
}
