package amqp_test

import (
	"testing"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// otherStream is logged when the journal has been emptied.
const otherStream = "the stream is another one"

// The broker cancels the consumer of a deleted stream.
func TestSource_StreamDeletedWhileFollowing(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		n, alices, p := setUp(t, withSilence(cfg))
		p.Send(cfg.Exchanges, order(1))
		old := lastPosition(alices.await(t, idText(1)), order(1).Body)
		if !n.journal.Holds(old) {
			t.Fatalf("position %v: got not held, want held", old)
		}

		p.DeleteQueue(cfg.Stream)
		n.awaitLog(t, "cancelled the consumer")
		n.awaitLog(t, "has been declared again")
		n.awaitFollowing(t)
		p.Send(cfg.Exchanges, order(2))
		if got := len(alices.await(t, idText(2))); got != 2 {
			t.Errorf("got %d events of alice, want 2", got)
		}
		if n.journal.Holds(old) {
			t.Errorf("position %v of the deleted stream: got held, want not held", old)
		}
	})
}

// lastPosition returns the position of the last entry, a message with this body.
func lastPosition(entries []journal.Entry, body []byte) journal.Position {
	return journal.Position{Offset: entries[len(entries)-1].Offset, Check: event.Check(body)}
}

// While a node has no connection, another one finds the stream deleted and declares it
// again.
func TestSource_StreamReplacedWhileDisconnected(t *testing.T) {
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
			cfg := withSilence(newConfig(t))
			through, proxy := behindProxy(t, cfg)
			through.CheckInterval = soon
			n, alices, p := setUp(t, through)
			for i := range c.before {
				p.Send(cfg.Exchanges, order(i))
			}
			old := lastPosition(alices.await(t, idText(c.before-1)), order(c.before-1).Body)

			proxy.Block()
			n.awaitLog(t, lostConnection)
			p.DeleteQueue(cfg.Stream)
			cfg.Node = "node-b"
			startNode(t, cfg).awaitFollowing(t)
			for i := range c.after {
				p.Send(cfg.Exchanges, order(1000+i))
			}
			proxy.Unblock()
			n.awaitLog(t, c.says)
			n.awaitLog(t, otherStream)
			n.awaitFollowing(t)
			if got := n.log.count(says(otherStream)); got != 1 {
				t.Errorf("got %d log lines about another stream, want 1", got)
			}
			got := numbers(t, alices.await(t, idText(1000+c.after-1)))
			if want := c.before + c.after; len(got) != want {
				t.Errorf("got %d events of alice, want %d", len(got), want)
			}
			if n.journal.Holds(old) {
				t.Errorf("position %v of the deleted stream: got held, want not held", old)
			}
		})
	}
}
