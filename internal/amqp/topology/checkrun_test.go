package topology_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// purge empties a queue, as a restart of the broker does with messages that are not
// durable.
func purge(p *amqptest.Peer, queue string) {
	p.Must("purge "+queue, func(ch *amqp091.Channel) error {
		n, err := ch.QueuePurge(queue, false)
		if n != 1 && err == nil {
			err = errors.New("it has not one message")
		}
		return err
	})
}

// A restart is a gap once, whoever finds it, also if recording it fails first. A cut
// connection is none.
func TestGuard_RestartIsGapOnce(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p, g, other := amqptest.NewPeer(t, url), newGuarded(url, cfg), newGuarded(url, cfg)
	g.connect(t)
	other.connect(t)
	check := func(name string, g *guarded, want ...event.GapReason) {
		t.Helper()
		if diff := cmp.Diff(want, g.check(t)); diff != "" {
			t.Errorf("%s: gaps (-want +got):\n%s", name, diff)
		}
	}
	check("a fresh broker", g)
	check("a fresh broker, another node", other)
	queue := topology.RunQueue(cfg, g.conn.Address())
	for range 3 {
		g.connect(t)
		check("a cut connection", g)
	}
	for range 2 {
		purge(p, queue)
		g.refusal = errors.New("not confirmed")
		if err := g.Check(t.Context(), g); !errors.Is(err, g.refusal) {
			t.Errorf("got error %v, want %v", err, g.refusal)
		}
		g.refusal = nil
		g.connect(t)
		check("a restart", g, event.GapBroker)
		check("a restart, next check", g)
		check("a restart, another node", other)
	}
}

// A host that the node was connected to before is watched: it is a gap when it goes down,
// and when it is back.
func TestGuard_HostThatIsDownIsGap(t *testing.T) {
	t.Parallel()
	g, cfg, p, _ := guardedThroughProxy(t)
	queue := topology.RunQueue(cfg, g.conn.Address())
	g.url = testenv.RabbitMQ(t)
	g.connect(t)
	if got := g.check(t); len(got) != 0 {
		t.Errorf("at another host: got the gaps %v, want none", got)
	}
	p.DeleteQueue(queue) // as if its host were down
	for _, want := range [][]event.GapReason{{event.GapBroker}, nil, nil} {
		if diff := cmp.Diff(want, g.check(t)); diff != "" {
			t.Errorf("while the host is down: gaps (-want +got):\n%s", diff)
		}
	}
	if code := p.DeclareQueue(queue, true, amqp091.Table{}); code != 0 {
		t.Fatalf("declare %s: got refusal %d", queue, code)
	}
	for _, want := range [][]event.GapReason{{event.GapBroker}, nil, nil} {
		if diff := cmp.Diff(want, g.check(t)); diff != "" {
			t.Errorf("when the host is back: gaps (-want +got):\n%s", diff)
		}
	}
	p.DeleteQueue(queue)
}
