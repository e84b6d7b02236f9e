package amqp_test

import (
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
)

func TestTopology_DeclaresEverythingOnFreshBroker(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.MaxAge, cfg.MaxBytes = 90*time.Minute, 200_000_000
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	p := amqptest.NewPeer(t, cfg.URL)

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
		if got := p.DeclareExchange(x.name, x.typ, x.durable, x.autoDelete); got != x.want {
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
		if got := p.DeclareQueue(cfg.Stream, s.durable, s.args); got != s.want {
			t.Errorf("declare the stream, %s: got %d, want %d", s.name, got, s.want)
		}
	}

	// Only with its bindings does the stream get what is published.
	alices := n.tap(t, alice)
	p.Send(cfg.Exchanges, order(1), trade(2))
	if got := len(alices.await(t, idText(2))); got != 2 {
		t.Errorf("got %d events of alice, want 2", got)
	}
}

func TestTopology_UsesExistingExchanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		durable, autoDelete bool // of the existing exchanges
		want                bool // what AMQP_EXCHANGE_DURABLE says
	}{
		{name: "durable", durable: true},
		{name: "not durable", want: true},
		{name: "auto-delete", autoDelete: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t)
			cfg.Exchanges.Durable = c.want
			p := amqptest.NewPeer(t, cfg.URL)
			for name, typ := range map[string]string{cfg.Exchanges.Orders: "fanout", cfg.Exchanges.Trades: "headers"} {
				if code := p.DeclareExchange(name, typ, c.durable, c.autoDelete); code != 0 {
					t.Fatalf("declare %s: refused with %d", name, code)
				}
			}
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			bobs := n.tap(t, bob)
			p.Send(cfg.Exchanges, order(1), trade(2))
			bobs.await(t, idText(2))
			if code := p.DeclareExchange(cfg.Exchanges.Orders, "fanout", c.durable, c.autoDelete); code != 0 {
				t.Errorf("its owner declares it again: refused with %d, want no refusal", code)
			}
			if got := n.log.count(says("exchange was missing")); got != 0 {
				t.Errorf("got %d log lines that an exchange was missing, want none", got)
			}
		})
	}
}

// The binding takes not all messages of an exchange of another type: the log says so.
func TestTopology_WarnsOfExchangeOfAnotherType(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	if code := p.DeclareExchange(cfg.Exchanges.Orders, "direct", true, false); code != 0 {
		t.Fatalf("declare the exchange: refused with %d", code)
	}
	n := startNode(t, cfg)
	l := n.awaitLog(t, "exchange has another type")
	n.awaitFollowing(t)
	if l.attrs["exchange"] != cfg.Exchanges.Orders || l.attrs["type"] != "direct" || l.attrs["want"] != "fanout" {
		t.Errorf("got attributes %v, want exchange %s, type direct, want fanout", l.attrs, cfg.Exchanges.Orders)
	}
	if got := n.log.count(says("exchange has another type")); got != 1 {
		t.Errorf("got %d warnings, want 1", got)
	}
}

func TestTopology_DeclaresDurableExchangesIfConfigured(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.Exchanges.Durable = true
	startNode(t, cfg).awaitFollowing(t)
	p := amqptest.NewPeer(t, cfg.URL)
	if got := p.DeclareExchange(cfg.Exchanges.Orders, "fanout", true, false); got != 0 {
		t.Errorf("declare orders durable: refused with %d, want no refusal", got)
	}
	if got := p.DeclareExchange(cfg.Exchanges.Trades, "headers", true, false); got != 0 {
		t.Errorf("declare trades durable: refused with %d, want no refusal", got)
	}
}

// Nodes that start at the same time on a fresh broker do not hinder each other.
func TestTopology_NodesStartTogether(t *testing.T) {
	t.Parallel()
	cfg := withSilence(newConfig(t))
	var nodes []*node
	for i := range 4 {
		cfg.Portable = i%2 == 1
		nodes = append(nodes, startNode(t, cfg))
	}
	var taps []*tap
	for _, n := range nodes {
		n.awaitFollowing(t) // a stream that another node declares may need a second attempt
		taps = append(taps, n.tap(t, alice))
	}
	amqptest.NewPeer(t, cfg.URL).Send(cfg.Exchanges, order(1))
	for _, alices := range taps {
		alices.await(t, idText(1))
	}
}
