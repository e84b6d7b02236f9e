package amqp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// A node that starts reads what was published before, then knows by a marker
// that it has caught up.
func TestWindowAtStart(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	const messages = 300
	fill(t, cfg, messages)

	n := newNode(cfg)
	alices, bobs := n.tap(t, alice), n.tap(t, bob)
	if got := n.source.Status(); got.State != amqp.Connecting || got.CaughtUp {
		t.Errorf("before Run: %+v", got)
	}
	n.run(t)
	if got := n.awaitLog(t, "reading the stream").attrs["from"]; got != "17m" { // the window, and two minutes for retries
		t.Errorf("reads from %v, want 16m", got)
	}
	caughtUp := n.awaitLog(t, "caught up")
	if got := n.source.Status(); got.State != amqp.Following || !got.CaughtUp {
		t.Errorf("when caught up: %+v", got)
	}
	if got := n.log.count(says("exchange was missing")); got != 0 {
		t.Errorf("%d exchanges were said to be missing", got)
	}
	if got := len(alices.read(t)); got != messages {
		t.Errorf("alice has %d events when the node has caught up, want %d", got, messages)
	}
	if got := len(bobs.read(t)); got != messages/3 {
		t.Errorf("bob has %d events when the node has caught up, want %d", got, messages/3)
	}
	if got := n.metrics.events.count(func(k event.Kind) bool { return k == event.Trade }); got != messages/3*2 {
		t.Errorf("%d trades were counted, want %d", got, messages/3*2)
	}
	if got, _ := n.journal.Last(); got.String() != caughtUp.attrs["position"] {
		t.Errorf("caught up at %v, the last position is %v", caughtUp.attrs["position"], got)
	}
}

// I3: every node gives every message the same position, before and after a restart.
func TestNodesAgree(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	witness := newNode(cfg)
	witnessed := witness.tap(t, alice)
	witness.run(t)
	witness.awaitFollowing(t)
	messages := 300
	fill(t, cfg, messages)
	p := newPeer(t, cfg.URL)
	for _, name := range []string{"node-b", "node-a"} {
		cfg.Node = name
		n := newNode(cfg)
		alices := n.tap(t, alice)
		n.run(t)
		n.awaitFollowing(t)
		stream := p.stream(cfg.Stream)
		p.send(cfg, order(messages)) // whoever has it has read all that
		got, want := alices.await(t, idText(messages)), witnessed.await(t, idText(messages))
		if diff := cmp.Diff(timeless(want[:messages]), timeless(got[:messages])); diff != "" {
			t.Errorf("%s has other events (-want +got):\n%s", name, diff)
		}
		messages++
		for i, m := range stream {
			if m.at.Offset != uint64(i) {
				t.Fatalf("message %d of the stream has offset %d", i, m.at.Offset)
			}
			wrong := journal.Position{Offset: m.at.Offset, Check: m.at.Check + 1}
			if !n.journal.Holds(m.at) || !witness.journal.Holds(m.at) {
				t.Errorf("position %v (%s) is held by %s: %t, by the witness: %t",
					m.at, m.body, name, n.journal.Holds(m.at), witness.journal.Holds(m.at))
			}
			if n.journal.Holds(wrong) {
				t.Errorf("position %v is held", wrong)
			}
		}
	}
}

// fill has a node make the topology, ends it, and publishes so many messages,
// every third of them a trade.
func fill(tb testing.TB, cfg amqp.Config, messages int) {
	tb.Helper()
	n := startNode(tb, cfg)
	n.awaitFollowing(tb)
	n.stop(tb)
	p := newPeer(tb, cfg.URL)
	for i := range messages - 1 {
		if i%3 == 1 {
			p.post(cfg.Exchanges.Trades, "", trade(i))
		} else {
			p.post(cfg.Exchanges.Orders, "", order(i))
		}
	}
	p.send(cfg, order(messages-1)) // confirmed after all before it
}

// timeless returns entries without the time at which a node read them.
func timeless(entries []journal.Entry) []journal.Entry {
	for i := range entries {
		entries[i].At, entries[i].Micros = 0, 0
	}
	return entries
}
