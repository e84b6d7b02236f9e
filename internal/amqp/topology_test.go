package amqp_test

import (
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/testenv"
)

// declare declares an exchange and returns the code of the refusal, 0 for none.
func (p *peer) declare(name, typ string, durable, autoDelete bool) int {
	p.tb.Helper()
	return p.try(func(ch *amqp091.Channel) error {
		return ch.ExchangeDeclare(name, typ, durable, autoDelete, false, false, nil)
	})
}

func TestFreshBrokerGetsTopology(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.MaxAge, cfg.MaxBytes = 90*time.Minute, 200_000_000
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	p := newPeer(t, cfg.URL)

	const refused = amqp091.PreconditionFailed
	exchanges := []struct {
		name, typ           string
		durable, autoDelete bool
		want                int
	}{
		{cfg.Exchanges.Orders, "fanout", false, false, 0}, // as Peatio does
		{cfg.Exchanges.Orders, "fanout", true, false, refused},
		{cfg.Exchanges.Orders, "fanout", false, true, refused},
		{cfg.Exchanges.Orders, "headers", false, false, refused},
		{cfg.Exchanges.Trades, "headers", false, false, 0},
		{cfg.Exchanges.Trades, "headers", true, false, refused},
		{cfg.Exchanges.Trades, "headers", false, true, refused},
		{cfg.Exchanges.Trades, "fanout", false, false, refused},
	}
	for _, x := range exchanges {
		if got := p.declare(x.name, x.typ, x.durable, x.autoDelete); got != x.want {
			t.Errorf("declare %s as %s, durable %t, auto-delete %t: got %d, want %d", x.name, x.typ, x.durable, x.autoDelete, got, x.want)
		}
	}

	args := func(change amqp091.Table) amqp091.Table {
		table := amqp091.Table{
			"x-queue-type":                    "stream",
			"x-max-age":                       "90m",
			"x-max-length-bytes":              int64(200_000_000),
			"x-stream-max-segment-size-bytes": int64(50_000_000),
		}
		for name, value := range change {
			table[name] = value
			if value == nil {
				delete(table, name)
			}
		}
		return table
	}
	streams := []struct {
		name    string
		durable bool
		args    amqp091.Table
		want    int
	}{
		{"the same", true, args(nil), 0},
		{"not durable", false, args(nil), refused},
		{"classic", true, args(amqp091.Table{"x-queue-type": "classic"}), refused},
		{"other age", true, args(amqp091.Table{"x-max-age": "6h"}), refused},
		{"other length", true, args(amqp091.Table{"x-max-length-bytes": int64(1 << 30)}), refused},
		{"other segments", true, args(amqp091.Table{"x-stream-max-segment-size-bytes": int64(1)}), refused},
		{"no age", true, args(amqp091.Table{"x-max-age": nil}), refused},
	}
	for _, s := range streams {
		if got := p.queue(cfg.Stream, s.durable, s.args); got != s.want {
			t.Errorf("declare the stream, %s: got %d, want %d", s.name, got, s.want)
		}
	}

	// Only with its bindings does a stream take what is sent.
	alices := n.tap(t, alice)
	p.send(cfg, order(1), trade(2))
	if got := len(alices.await(t, idText(2))); got != 2 {
		t.Errorf("alice got %d events, want 2", got)
	}
}

func TestExchangesStandOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		durable, autoDelete bool // as they stand
		want                bool // what AMQP_EXCHANGE_DURABLE says
	}{
		{name: "durable", durable: true},
		{name: "not durable", want: true},
		{name: "auto-delete", autoDelete: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t, testenv.RabbitMQ(t))
			cfg.Exchanges.Durable = c.want
			p := newPeer(t, cfg.URL)
			for name, typ := range map[string]string{cfg.Exchanges.Orders: "fanout", cfg.Exchanges.Trades: "headers"} {
				if code := p.declare(name, typ, c.durable, c.autoDelete); code != 0 {
					t.Fatalf("declare %s: refused with %d", name, code)
				}
			}
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			bobs := n.tap(t, bob)
			p.send(cfg, order(1), trade(2))
			bobs.await(t, idText(2))
			if code := p.declare(cfg.Exchanges.Orders, "fanout", c.durable, c.autoDelete); code != 0 {
				t.Errorf("its owner declares it again: refused with %d", code)
			}
			if got := n.log.count(says("exchange was missing")); got != 0 {
				t.Errorf("%d exchanges were said to be missing", got)
			}
		})
	}
}

// An exchange of another type gives a binding like ours not all it has: the log
// says so.
func TestExchangeOfAnotherType(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	if code := p.declare(cfg.Exchanges.Orders, "direct", true, false); code != 0 {
		t.Fatalf("declare the exchange: refused with %d", code)
	}
	n := startNode(t, cfg)
	l := n.awaitLog(t, "an exchange is of another type")
	n.awaitFollowing(t)
	if l.attrs["exchange"] != cfg.Exchanges.Orders || l.attrs["type"] != "direct" || l.attrs["want"] != "fanout" {
		t.Errorf("it was logged with %v", l.attrs)
	}
	if got := n.log.count(says("an exchange is of another type")); got != 1 {
		t.Errorf("it was logged %d times, want once", got)
	}
}

func TestDurableExchangesWhenAsked(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.Exchanges.Durable = true
	startNode(t, cfg).awaitFollowing(t)
	p := newPeer(t, cfg.URL)
	if got := p.declare(cfg.Exchanges.Orders, "fanout", true, false); got != 0 {
		t.Errorf("orders, durable: refused with %d", got)
	}
	if got := p.declare(cfg.Exchanges.Trades, "headers", true, false); got != 0 {
		t.Errorf("trades, durable: refused with %d", got)
	}
}

// Nodes that start at the same instant on a fresh broker must not hinder each
// other.
func TestNodesStartTogether(t *testing.T) {
	t.Parallel()
	cfg := hearing(newConfig(t, testenv.RabbitMQ(t)))
	var nodes []*node
	for range 4 {
		nodes = append(nodes, startNode(t, cfg))
	}
	var taps []*tap
	for _, n := range nodes {
		n.awaitFollowing(t) // the stream of another node may take a second try
		taps = append(taps, n.tap(t, alice))
	}
	newPeer(t, cfg.URL).send(cfg, order(1))
	for _, alices := range taps {
		alices.await(t, idText(1))
	}
}
