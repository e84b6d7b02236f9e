package amqp_test

import (
	"strings"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
)

// follow returns what comes into a stream from now on.
func (p *peer) follow(stream string) <-chan amqp091.Delivery {
	p.tb.Helper()
	ch := p.channel()
	if err := ch.Qos(10_000, 0, false); err != nil {
		p.tb.Fatal(err)
	}
	deliveries, err := ch.Consume(stream, "", false, false, false, false, amqp091.Table{"x-stream-offset": "next"})
	if err != nil {
		p.tb.Fatal(err)
	}
	return deliveries
}

// awaitMarkers waits for so many markers of node-a.
func awaitMarkers(tb testing.TB, deliveries <-chan amqp091.Delivery, count int) {
	tb.Helper()
	timeout := time.After(patience)
	for count > 0 {
		select {
		case d := <-deliveries:
			if err := d.Ack(false); err != nil {
				tb.Fatal(err)
			}
			if isMarker(d) {
				count--
			}
		case <-timeout:
			tb.Fatalf("%d more markers are wanted", count)
		}
	}
}

func isMarker(d amqp091.Delivery) bool {
	return d.Exchange == "" && d.Type == "ranger.marker" && strings.Contains(string(d.Body), `"node":"node-a"`)
}

func TestExchangeDeleted(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, sharedURL(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	for i, name := range []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades} {
		p.must("delete exchange", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(name, false, false) })
		if got := n.awaitLog(t, "an exchange was missing").attrs["exchange"]; got != name {
			t.Errorf("%v was said to be missing, want %s", got, name)
		}
		awaitMarkers(t, p.follow(cfg.Stream), 2) // it is bound before the second is sent
		p.send(cfg, order(2*i), trade(2*i+1))
		alices.await(t, idText(2*i+1))
	}
	if got := len(alices.read(t)); got != 4 {
		t.Errorf("alice got %d events, want 4", got)
	}
}

// Markers come at every look.
func TestMarkers(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, sharedURL(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	awaitMarkers(t, newPeer(t, cfg.URL).follow(cfg.Stream), 3)
	if got := n.source.Status().State; got != amqp.Following {
		t.Errorf("state: got %v, want following", got)
	}
}
