package amqp_test

import (
	"testing"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// Nodes that start together on a fresh broker, restart, lose their connections,
// and get a message now and then, tell of no gap.
func TestNoGapInQuietLife(t *testing.T) {
	t.Parallel()
	cfg := steady(newConfig(t, testenv.RabbitMQ(t)))
	cfg.LookEvery = soon
	through, parted := behindProxy(t, cfg)
	var nodes []*node
	start := func(cfg amqp.Config, name string) *node {
		cfg.Node = name
		nodes = append(nodes, startNode(t, cfg))
		return nodes[len(nodes)-1]
	}
	a, b := start(cfg, "node-a"), start(cfg, "node-b")
	c := start(through, "node-c")
	for _, n := range nodes {
		n.awaitFollowing(t)
	}
	alices := a.follow(t)
	p := newPeer(t, cfg.URL)
	markers := p.follow(cfg.Stream)
	steps := []func(){
		func() {},
		func() { parted.cut(); c.awaitFollowing(t) },
		func() { b.stop(t) },
		func() { start(cfg, "node-b").awaitFollowing(t) },
		func() { start(cfg, "node-d").awaitFollowing(t) },
		func() { parted.cut() },
	}
	for i, step := range steps {
		p.send(cfg, order(2*i), trade(2*i+1))
		step()
		awaitMarkers(t, markers, 2) // a look at least
	}
	p.send(cfg, order(100))
	if got := numbers(t, alices.await(t, idText(100))); len(got) != 2*len(steps)+1 {
		t.Errorf("alice got %v", got)
	}
	for _, n := range nodes {
		if got := n.metrics.gaps.count(func(event.GapReason) bool { return true }); got != 0 {
			t.Errorf("a node told of %d gaps: %v", got, n.log.items)
		}
	}
	for _, m := range p.stream(cfg.Stream) {
		if m.typ == "ranger.gap" {
			t.Errorf("the stream has a gap: %s", m.body)
		}
	}
}
