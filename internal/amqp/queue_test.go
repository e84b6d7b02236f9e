package amqp_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// newQueueConfig returns a Config whose node reads a queue.
func newQueueConfig(t *testing.T) amqp.Config {
	t.Helper()
	return withQueue(newConfig(t))
}

func withQueue(cfg amqp.Config) amqp.Config {
	cfg.Queue = true
	return cfg
}

// Messages that came while no process read are read by the next one, under positions
// that no other message has.
func TestQueue_OutlivesProcess(t *testing.T) {
	t.Parallel()
	cfg := newQueueConfig(t)
	first := startNode(t, cfg)
	first.awaitLog(t, "AMQP_SOURCE=stream avoids this")
	first.awaitFollowing(t)
	alices := first.tap(t, alice)
	p := amqptest.NewPeer(t, cfg.URL)
	p.Send(cfg.Exchanges, order(1), trade(2))
	got := alices.await(t, idText(2))
	old := got[1].Position()
	if !first.journal.Holds(old) {
		t.Errorf("position %v: got not held, want held", old)
	}
	first.stop(t)
	p.Send(cfg.Exchanges, order(3))

	next := newNode(withPortable(cfg))
	alices = next.tap(t, alice)
	next.run(t)
	next.awaitFollowing(t)
	p.Send(cfg.Exchanges, order(4))
	// The last ones read before may come again: they were not acknowledged yet.
	seen := numbers(t, alices.await(t, idText(4)))
	if n := len(seen); n < 2 || seen[n-2] != 3 || seen[n-1] != 4 {
		t.Errorf("the next process read %v, want 3 and 4 last", seen)
	}
	if next.journal.Holds(old) {
		t.Errorf("position %v of another process: got held, want not held", old)
	}
	if first, _ := next.journal.First(); first.Offset <= old.Offset {
		t.Errorf("the next process begins at %v, want a position after %v", first, old)
	}
}

// Nothing is lost, and nothing comes twice, when connections end in the middle of a
// flood, although the broker redelivers what was not acknowledged.
func TestQueue_SurvivesEndOfConnections(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		testenv.Heavy(t)
		testConnectionsEnd(t, withQueue(cfg))
	})
}

// unsteadyMembers is a directory that knows alice, if it is not away.
type unsteadyMembers struct {
	away  atomic.Bool
	asked chan struct{} // receives when Find is called
}

func (m *unsteadyMembers) UID(string) (event.UID, bool) { return alice, !m.away.Load() }

// Find waits for the end of ctx. Then the directory is no longer away.
func (m *unsteadyMembers) Find(ctx context.Context, _ string) (event.UID, bool) {
	m.asked <- struct{}{}
	<-ctx.Done()
	m.away.Store(false)
	return "", false
}

// I2: a message that was in flight when the connection ended is read, even if it is
// equal to one that was read and acknowledged.
func TestQueue_ReadsEqualMessageInFlight(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		members := &unsteadyMembers{asked: make(chan struct{}, 1)}
		through, proxy := behindProxy(t, withQueue(cfg))
		through.Members = members
		through.Prefetch = 1 // as few as may be in flight
		n, alices, p := setUp(t, through)
		equal := order(1)
		equal.Headers = map[string]any{"member_id": "11"}
		p.Send(cfg.Exchanges, equal)
		alices.await(t, idText(1))
		members.away.Store(true)
		p.Send(cfg.Exchanges, equal)
		<-members.asked
		proxy.Cut()
		n.awaitLog(t, lostConnection)
		n.awaitFollowing(t)
		p.Send(cfg.Exchanges, order(2))
		if diff := cmp.Diff([]int{1, 1, 2}, numbers(t, alices.await(t, idText(2)))); diff != "" {
			t.Errorf("orders that were read (-want +got):\n%s", diff)
		}
	})
}

// Two nodes with the same name would share a queue.
func TestQueue_IsExclusive(t *testing.T) {
	t.Parallel()
	cfg := newQueueConfig(t)
	first := startNode(t, cfg)
	first.awaitFollowing(t)
	second := startNode(t, cfg)
	second.awaitLog(t, "its own NODE_NAME")
	second.awaitLog(t, "its own NODE_NAME") // it tries again
	first.stop(t)
	second.awaitFollowing(t)
}

// The broker cancels the consumer of a deleted queue. The node declares the queue
// again and announces a gap.
func TestQueue_DeletedQueueIsGap(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		cfg = withQueue(cfg)
		n, alices, p := setUp(t, cfg)
		p.Send(cfg.Exchanges, order(1))
		old := alices.await(t, idText(1))[0].Position()
		p.DeleteQueue(cfg.Source())
		n.awaitLog(t, "the queue was gone")
		n.awaitFollowing(t)
		p.Send(cfg.Exchanges, order(2))
		alices.await(t, idText(2))
		if got := n.metrics.gaps.count(is(event.GapStream)); got != 1 {
			t.Errorf("got %d gaps, want 1", got)
		}
		if !n.journal.Holds(old) {
			t.Errorf("position %v of this process: got not held, want held", old)
		}
	})
}

// A full queue may have dropped messages, so the node announces a gap.
func TestQueue_FullQueueIsGap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, gaps int }{"full": {5, 1}, "almost": {4, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := newQueueConfig(t)
			startAndStop(t, cfg) // now everything else exists
			p := amqptest.NewPeer(t, cfg.URL)
			p.DeleteQueue(cfg.Source())
			if code := p.DeclareQueue(cfg.Source(), true, amqp091.Table{"x-max-length": 5}); code != 0 {
				t.Fatalf("declare the queue: refused with %d", code)
			}
			for i := range c.sent {
				p.Publish("", cfg.Source(), amqptest.Publishing(order(i)))
			}
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			if got := n.metrics.gaps.count(is(event.GapOverflow)); got != c.gaps {
				t.Errorf("got %d gaps, want %d", got, c.gaps)
			}
			if got := n.log.count(says("the queue was full")); got != c.gaps {
				t.Errorf("got %d log lines that the queue was full, want %d", got, c.gaps)
			}
		})
	}
}

// A node that reads a queue announces no gap without a fault: what a probe got is
// found among the messages read.
func TestQueue_NoGapWithoutFault(t *testing.T) {
	t.Parallel()
	cfg := withGrace(newQueueConfig(t))
	cfg.CheckInterval = soon
	n, _, p := setUp(t, cfg)
	p.Send(cfg.Exchanges, order(1))
	// Orders are checked before trades: the second gap of trades proves that a whole
	// check followed the order.
	at := 0
	for range 2 {
		p.DeleteExchange(amqptest.Canary(cfg.Config, cfg.Exchanges.Trades))
		_, at = n.metrics.gaps.await(t, "a gap", at, is(event.GapExchange))
		n.catchUp(t) // it has been repaired
	}
	if got := n.metrics.gaps.count(is(event.GapBinding)); got != 0 {
		t.Errorf("got %d gaps of a binding that existed, want none: %v", got, n.log.all())
	}
}
