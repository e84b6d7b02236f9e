package amqp_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// newQueueConfig returns a Config whose node reads a queue of its own.
func newQueueConfig(t *testing.T, url string) amqp.Config {
	t.Helper()
	cfg := newConfig(t, url)
	cfg.Queue = true
	t.Cleanup(func() {
		newPeerUnchecked(url, func(ch *amqp091.Channel) { _, _ = ch.QueueDelete(cfg.Stream+"."+cfg.Node, false, false, false) })
	})
	return cfg
}

// newPeerUnchecked lets f use a channel, if there is a broker to give one.
func newPeerUnchecked(url string, f func(*amqp091.Channel)) {
	c, err := dialPatiently(url)
	if err != nil {
		return
	}
	defer c.Close() //nolint:errcheck // nothing depends on it
	if ch, err := c.Channel(); err == nil {
		f(ch)
	}
}

// What came while no process read is there for the next one, under positions
// that are no other's.
func TestQueueOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	cfg := newQueueConfig(t, testenv.RabbitMQ(t))
	first := startNode(t, cfg)
	first.awaitLog(t, "AMQP_SOURCE=stream promises more")
	first.awaitFollowing(t)
	alices := first.tap(t, alice)
	p := newPeer(t, cfg.URL)
	p.send(cfg, order(1), trade(2))
	got := alices.await(t, idText(2))
	old := got[1].Position()
	if !first.journal.Holds(old) {
		t.Errorf("position %v is not held", old)
	}
	first.stop(t)
	p.send(cfg, order(3))

	next := newNode(cfg)
	alices = next.tap(t, alice)
	next.run(t)
	next.awaitFollowing(t)
	p.send(cfg, order(4))
	// The last ones of before may come again: they were not acknowledged yet.
	seen := numbers(t, alices.await(t, idText(4)))
	if n := len(seen); n < 2 || seen[n-2] != 3 || seen[n-1] != 4 {
		t.Errorf("the next process read %v, want 3 and 4 last", seen)
	}
	if next.journal.Holds(old) {
		t.Errorf("position %v of another process is held", old)
	}
	if first, _ := next.journal.First(); first.Offset <= old.Offset {
		t.Errorf("the next process counts from %v on, the last one came to %v", first, old)
	}
}

// Connections that end in the middle of a flood cost nothing, though what was
// not acknowledged comes again.
func TestQueueConnectionsEnd(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	testConnectionsEnd(t, newQueueConfig(t, testenv.RabbitMQ(t)))
}

// absent is a directory that has alice alone, and not always.
type absent struct {
	away  atomic.Bool
	asked chan struct{} // is sent to when somebody looks for her meanwhile
}

func (a *absent) UID(string) (event.UID, bool) { return alice, !a.away.Load() }

func (a *absent) Find(ctx context.Context, _ string) (event.UID, bool) {
	a.asked <- struct{}{}
	<-ctx.Done()
	a.away.Store(false)
	return "", false
}

// I2: a message that was on its way when the connection ended, and is equal to
// one that was read and acknowledged, is read.
func TestQueueEqualMessageOnItsWay(t *testing.T) {
	t.Parallel()
	cfg := newQueueConfig(t, testenv.RabbitMQ(t))
	members := &absent{asked: make(chan struct{}, 1)}
	through, parted := behindProxy(t, cfg)
	through.Members = members
	through.Prefetch = 1 // as few as may be in flight
	n := startNode(t, through)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	equal := order(1)
	equal.Headers = map[string]any{"member_id": "11"}
	p.send(cfg, equal)
	alices.await(t, idText(1))
	members.away.Store(true)
	p.send(cfg, equal)
	<-members.asked
	parted.cut()
	n.awaitLog(t, "will reconnect")
	n.awaitFollowing(t)
	p.send(cfg, order(2))
	if diff := cmp.Diff([]int{1, 1, 2}, numbers(t, alices.await(t, idText(2)))); diff != "" {
		t.Errorf("orders that were read (-want +got):\n%s", diff)
	}
}

// Two nodes of one name would share a queue.
func TestQueueIsExclusive(t *testing.T) {
	t.Parallel()
	cfg := newQueueConfig(t, testenv.RabbitMQ(t))
	first := startNode(t, cfg)
	first.awaitFollowing(t)
	second := startNode(t, cfg)
	second.awaitLog(t, "NODE_NAME must differ")
	second.awaitLog(t, "NODE_NAME must differ") // it keeps trying
	first.stop(t)
	second.awaitFollowing(t)
}

// A queue that was deleted is made anew; what came in between is told as a gap.
func TestQueueDeleted(t *testing.T) {
	t.Parallel()
	cfg := newQueueConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	p.send(cfg, order(1))
	old := alices.await(t, idText(1))[0].Position()
	p.deleteQueue(cfg.Stream + "." + cfg.Node)
	n.awaitLog(t, "the queue was gone")
	n.awaitFollowing(t)
	p.send(cfg, order(2))
	alices.await(t, idText(2))
	if got := n.metrics.gaps.count(func(r event.GapReason) bool { return r == event.GapStream }); got != 1 {
		t.Errorf("%d gaps were told, want 1", got)
	}
	if !n.journal.Holds(old) {
		t.Errorf("position %v of this process is no longer held", old)
	}
}

// A queue that is found at its bound may have dropped messages: that is told.
func TestQueueFull(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, gaps int }{"full": {5, 1}, "almost": {4, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := newQueueConfig(t, testenv.RabbitMQ(t))
			startAndStop(t, cfg) // the topology is there
			p := newPeer(t, cfg.URL)
			name := cfg.Stream + "." + cfg.Node
			p.deleteQueue(name)
			if code := p.queue(name, true, amqp091.Table{"x-max-length": 5}); code != 0 {
				t.Fatalf("declare the queue: refused with %d", code)
			}
			for i := range c.sent {
				d := order(i)
				p.publish("", name, amqp091.Publishing{Headers: d.Headers, Body: d.Body})
			}
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			if got := n.metrics.gaps.count(func(r event.GapReason) bool { return r == event.GapOverflow }); got != c.gaps {
				t.Errorf("%d gaps were told, want %d", got, c.gaps)
			}
			if got := n.log.count(says("the queue was at its bound")); got != c.gaps {
				t.Errorf("it was logged %d times, want %d", got, c.gaps)
			}
		})
	}
}

func startAndStop(t *testing.T, cfg amqp.Config) {
	t.Helper()
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	n.stop(t)
}

// A node that reads a queue tells of no gap where all is well: what a witness has
// heard is found among what was read.
func TestQueueNoGapInQuietLife(t *testing.T) {
	t.Parallel()
	cfg := steady(newQueueConfig(t, testenv.RabbitMQ(t)))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	p := newPeer(t, cfg.URL)
	p.send(cfg, order(1))
	// Orders are looked at before trades: the second gap of those tells that a whole
	// look came after the order.
	at := 0
	for range 2 {
		p.must("delete", func(ch *amqp091.Channel) error {
			return ch.ExchangeDelete(canary(amqp.Config{Stream: cfg.Stream + "." + cfg.Node}, cfg.Exchanges.Trades), false, false)
		})
		_, at = n.metrics.gaps.await(t, "a gap", at, func(r event.GapReason) bool { return r == event.GapExchange })
		catchUp(t, n) // it has been mended
	}
	if got := n.metrics.gaps.count(func(r event.GapReason) bool { return r == event.GapBinding }); got != 0 {
		t.Errorf("%d gaps were told of a binding that was there: %v", got, n.log.items)
	}
}
