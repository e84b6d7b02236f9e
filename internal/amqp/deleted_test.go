package amqp_test

import (
	"testing"

	"ranger/internal/journal"
	"ranger/internal/testenv"
)

const anotherStream = "the stream is not the one read before"

func TestStreamDeletedUnderUs(t *testing.T) {
	t.Parallel()
	cfg := hearing(newConfig(t, testenv.RabbitMQ(t)))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	p.send(cfg, order(1))
	old := lastPosition(alices.await(t, idText(1)), order(1).Body)
	if !n.journal.Holds(old) {
		t.Fatalf("position %v is not held", old)
	}

	p.deleteQueue(cfg.Stream)
	n.awaitLog(t, "cancelled the consumer")
	n.awaitLog(t, "made anew")
	n.awaitFollowing(t)
	p.send(cfg, order(2))
	if got := len(alices.await(t, idText(2))); got != 2 {
		t.Errorf("alice got %d events, want 2", got)
	}
	if n.journal.Holds(old) {
		t.Errorf("position %v of the stream that has gone is held", old)
	}
}

// lastPosition returns the position of the last entry, a message with this body.
func lastPosition(entries []journal.Entry, body []byte) journal.Position {
	return journal.Position{Offset: entries[len(entries)-1].Offset, Check: journal.Check(body)}
}

// While a node is away, another one finds the stream gone and makes it anew.
func TestStreamRecreatedWhileAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after int // how many messages
		says          string
	}{
		"shorter": {50, 3, "the stream ends before the last message read"},
		"longer":  {3, 50, "the last message read is no longer in the stream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := hearing(newConfig(t, testenv.RabbitMQ(t)))
			parted := newProxy(t, cfg.URL)
			away := cfg
			away.URL = parted.url
			away.LookEvery = soon
			n := startNode(t, away)
			n.awaitFollowing(t)
			alices := n.tap(t, alice)
			p := newPeer(t, cfg.URL)
			for i := range c.before {
				p.send(cfg, order(i))
			}
			old := lastPosition(alices.await(t, idText(c.before-1)), order(c.before-1).Body)

			parted.part()
			n.awaitLog(t, "will reconnect")
			p.deleteQueue(cfg.Stream)
			cfg.Node = "node-b"
			startNode(t, cfg).awaitFollowing(t)
			for i := range c.after {
				p.send(cfg, order(1000+i))
			}
			parted.join()
			n.awaitLog(t, c.says)
			n.awaitLog(t, anotherStream)
			n.awaitFollowing(t)
			if got := n.log.count(says(anotherStream)); got != 1 {
				t.Errorf("%d times another stream was seen, want once", got)
			}
			got := numbers(t, alices.await(t, idText(1000+c.after-1)))
			if len(got) != c.before+c.after {
				t.Errorf("alice got %d events, want %d", len(got), c.before+c.after)
			}
			if n.journal.Holds(old) {
				t.Errorf("position %v of the stream that has gone is held", old)
			}
		})
	}
}
