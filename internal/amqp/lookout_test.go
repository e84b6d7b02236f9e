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
	return d.Exchange == "" && d.Type == "ranger.marker" && strings.HasPrefix(string(d.Body), "node-a/")
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

func TestBindingRemoved(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, sharedURL(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	for i, exchange := range []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades} {
		p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", exchange, nil) })
		awaitMarkers(t, p.follow(cfg.Stream), 2) // there was a look before the second
		p.send(cfg, order(2*i), trade(2*i+1))
		alices.await(t, idText(2*i))
		alices.await(t, idText(2*i+1))
	}
}

// Markers come for as long as the stream is quiet, and only then.
func TestMarkersWhenQuiet(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, sharedURL(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	p := newPeer(t, cfg.URL)
	deliveries := p.follow(cfg.Stream)
	awaitMarkers(t, deliveries, 3)

	tick := time.NewTicker(soon / 8)
	defer tick.Stop()
	const looks = 8
	for i := range 8 * looks {
		<-tick.C
		p.send(cfg, order(i))
	}
	markers := 0
	for d := range deliveries {
		if isMarker(d) {
			markers++
		}
		if strings.Contains(string(d.Body), idText(8*looks-1)) {
			break
		}
	}
	if markers > looks/4 {
		t.Errorf("%d markers in %d looks of a busy stream", markers, looks)
	}
	if got := n.source.Status().State; got != amqp.Following {
		t.Errorf("state: got %v, want following", got)
	}
}
