package amqp_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// A node that starts reads what was published before. A marker tells it that it has
// caught up.
func TestSource_ReadsWindowAtStart(t *testing.T) { eachMode(t, testWindowAtStart) }

func testWindowAtStart(t *testing.T, cfg amqp.Config) {
	const messages = 300
	fillStream(t, cfg, messages)

	n := newNode(cfg)
	alices, bobs := n.tap(t, alice), n.tap(t, bob)
	if got := n.source.Status(); got.State != amqp.Connecting || got.CaughtUp {
		t.Errorf("before Run: got status %+v, want connecting and not CaughtUp", got)
	}
	n.run(t)
	var reading line
	reading, n.mark = n.log.await(t, "the log line that it reads", n.mark, func(l line) bool { return l.text == "reading" })
	if got, want := reading.attrs["from"], "17m"; got != want { // the window, and two minutes for duplicates
		t.Errorf("got a start of %v, want %s", got, want)
	}
	caughtUp := n.awaitLog(t, "caught up")
	if got := n.source.Status(); got.State != amqp.Following || !got.CaughtUp {
		t.Errorf("when caught up: got status %+v, want following and CaughtUp", got)
	}
	if got := n.log.count(says("exchange was missing")); got != 0 {
		t.Errorf("got %d log lines that an exchange was missing, want none", got)
	}
	if got := len(alices.read(t)); got != messages {
		t.Errorf("got %d events of alice when the node has caught up, want %d", got, messages)
	}
	if got := len(bobs.read(t)); got != messages/3 {
		t.Errorf("got %d events of bob when the node has caught up, want %d", got, messages/3)
	}
	if got := n.metrics.events.count(is(event.Trade)); got != messages/3*2 {
		t.Errorf("got a count of %d trades, want %d", got, messages/3*2)
	}
	position, ok := journal.ParsePosition(fmt.Sprint(caughtUp.attrs["position"]))
	if !ok || !n.journal.Holds(position) || position.Offset < messages {
		t.Errorf("got position %v in the log, want one of the journal behind the %d messages", caughtUp.attrs["position"], messages)
	}
}

// I3: every node gives every message the same position, before and after a restart,
// whatever its deliveries.
func TestSource_NodesAgreeOnPositions(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	first := newNode(cfg)
	firsts := first.tap(t, alice)
	first.run(t)
	first.awaitFollowing(t)
	messages := 300
	fillStream(t, cfg, messages)
	p := amqptest.NewPeer(t, cfg.URL)
	for _, name := range []string{"node-b", "node-a"} {
		cfg.Node, cfg.Portable = name, name == "node-b"
		n := newNode(cfg)
		alices := n.tap(t, alice)
		n.run(t)
		n.awaitFollowing(t)
		stream := p.Stream(cfg.Stream)
		p.Send(cfg.Exchanges, order(messages)) // a node that has it has read all that
		got, want := alices.await(t, idText(messages)), firsts.await(t, idText(messages))
		if diff := cmp.Diff(timeless(want[:messages]), timeless(got[:messages])); diff != "" {
			t.Errorf("events of %s (-want +got):\n%s", name, diff)
		}
		messages++
		for i, m := range stream {
			if m.At.Offset != uint64(i) {
				t.Fatalf("message %d of the stream: got offset %d, want %[1]d", i, m.At.Offset)
			}
			wrong := journal.Position{Offset: m.At.Offset, Check: m.At.Check + 1}
			if !n.journal.Holds(m.At) || !first.journal.Holds(m.At) {
				t.Errorf("position %v (%s): got held %t by %s, %t by the first node, want both",
					m.At, m.Body, n.journal.Holds(m.At), name, first.journal.Holds(m.At))
			}
			if n.journal.Holds(wrong) {
				t.Errorf("position %v, with a wrong check: got held, want not held", wrong)
			}
		}
	}
}

// fillStream runs a node that declares everything, stops it, and publishes so many messages,
// of which every third is a trade.
func fillStream(tb testing.TB, cfg amqp.Config, messages int) {
	tb.Helper()
	startAndStop(tb, cfg)
	p := amqptest.NewPeer(tb, cfg.URL)
	for i := range messages - 1 {
		if i%3 == 1 {
			p.Post(cfg.Exchanges.Trades, "", trade(i))
		} else {
			p.Post(cfg.Exchanges.Orders, "", order(i))
		}
	}
	p.Send(cfg.Exchanges, order(messages-1)) // confirmed after all before it
}

// timeless returns entries without the times at which a node read them.
func timeless(entries []journal.Entry) []journal.Entry {
	for i := range entries {
		entries[i].At, entries[i].Micros = 0, 0
	}
	return entries
}
