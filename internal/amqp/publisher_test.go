package amqp_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// newPublisher returns a Publisher to the exchanges of cfg.
func newPublisher(tb testing.TB, cfg amqp.Config) *amqp.Publisher {
	tb.Helper()
	p, err := amqp.NewPublisherWithin(tb.Context(), cfg.URL, cfg.Exchanges, unlimited())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// publish publishes and waits.
func publish(tb testing.TB, p *amqp.Publisher, d event.Delivery, id string) error {
	tb.Helper()
	r, err := p.Publish(tb.Context(), d, id)
	if err != nil {
		return err
	}
	return r.Wait(tb.Context())
}

// What is confirmed reaches the users, and looks as Peatio's does.
func TestPublisher(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices, bobs := n.tap(t, alice), n.tap(t, bob)
	raw := newPeer(t, cfg.URL).follow(cfg.Stream)
	p := newPublisher(t, cfg)
	for i, d := range []event.Delivery{order(0), trade(1)} {
		if err := publish(t, p, d, strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	alices.await(t, idText(1))
	bobs.await(t, idText(1))
	type message struct {
		exchange, key, id, contentType string
		mode                           uint8
		headers                        map[string]any
		body                           string
	}
	for i, want := range []message{
		{cfg.Exchanges.Orders, cfg.Exchanges.Orders + ".slave", "0", "application/octet-stream", 1, order(0).Headers, string(order(0).Body)},
		{cfg.Exchanges.Trades, "", "1", "application/octet-stream", 2, trade(1).Headers, string(trade(1).Body)},
	} {
		d := <-raw
		for d.Exchange == "" {
			d = <-raw // a marker
		}
		delete(d.Headers, "x-stream-offset")
		got := message{d.Exchange, d.RoutingKey, d.MessageId, d.ContentType, d.DeliveryMode, d.Headers, string(d.Body)}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(message{})); diff != "" {
			t.Errorf("message %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestPublisherDeclaresAsPeatio(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	newPublisher(t, cfg)
	p := newPeer(t, cfg.URL)
	for name, typ := range map[string]string{cfg.Exchanges.Orders: "fanout", cfg.Exchanges.Trades: "headers"} {
		p.must("look at "+name, func(ch *amqp091.Channel) error {
			return ch.ExchangeDeclarePassive(name, typ, false, false, false, false, nil)
		})
		if code := p.declare(name, typ, false, false); code != 0 {
			t.Errorf("declare %s as Peatio does: refused with %d", name, code)
		}
		if code := p.declare(name, typ, true, false); code != amqp091.PreconditionFailed {
			t.Errorf("declare %s durable: got %d, want %d", name, code, amqp091.PreconditionFailed)
		}
	}
}

func TestPublisherTakesDurableExchanges(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	for name, typ := range map[string]string{cfg.Exchanges.Orders: "fanout", cfg.Exchanges.Trades: "headers"} {
		if code := p.declare(name, typ, true, false); code != 0 {
			t.Fatalf("declare %s: refused with %d", name, code)
		}
	}
	if err := publish(t, newPublisher(t, cfg), order(1), "1"); !errors.Is(err, amqp.ErrUnrouted) {
		t.Errorf("got error %v, want ErrUnrouted", err)
	}
}

func TestPublisherUnrouted(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPublisher(t, cfg)
	for i, d := range []event.Delivery{order(0), trade(1)} {
		if err := publish(t, p, d, strconv.Itoa(i)); !errors.Is(err, amqp.ErrUnrouted) {
			t.Errorf("%s: got error %v, want ErrUnrouted", d.Kind, err)
		}
	}
	startNode(t, cfg).awaitFollowing(t)
	if err := publish(t, p, order(2), "2"); err != nil {
		t.Error(err)
	}
}

// A queue that is full refuses, which is not the same as a broker that has gone.
func TestPublisherRefused(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPublisher(t, cfg)
	full := newPeer(t, cfg.URL)
	if code := full.queue(cfg.Stream, true, amqp091.Table{"x-max-length": 1, "x-overflow": "reject-publish"}); code != 0 {
		t.Fatalf("declare the queue: refused with %d", code)
	}
	full.must("bind", func(ch *amqp091.Channel) error {
		return ch.QueueBind(cfg.Stream, "", cfg.Exchanges.Orders, false, nil)
	})
	refused := 0
	for i := range 10 {
		switch err := publish(t, p, order(i), strconv.Itoa(i)); {
		case errors.Is(err, amqp.ErrRefused):
			refused++
		case err != nil:
			t.Error(err)
		}
	}
	if refused < 8 {
		t.Errorf("%d messages were refused, want 8 or more", refused)
	}
}

// Whoever waits when the connection ends learns that, and nothing that was not
// confirmed counts as published or as refused.
func TestPublisherLosesConnection(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	startNode(t, cfg).awaitFollowing(t)
	parted := newProxy(t, cfg.URL)
	cfg.URL = parted.url
	p := newPublisher(t, cfg)
	parted.mute() // so that confirms do not come
	var receipts []amqp.Receipt
	for i := range 20 {
		r, err := p.Publish(t.Context(), order(i), strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	parted.cut()
	for _, r := range receipts {
		err := r.Wait(t.Context())
		if _, ok := errors.AsType[*amqp091.Error](err); !ok || errors.Is(err, amqp.ErrRefused) || errors.Is(err, amqp.ErrUnrouted) {
			t.Fatalf("got error %v, want that the connection ended", err)
		}
	}
	if err := publish(t, p, order(100), "100"); err == nil {
		t.Error("published over a connection that has ended")
	}
	p.Close()
	p.Close() // once more is no harm
}

// A message to an exchange that was deleted ends the channel; the reason is told.
func TestPublisherExchangeDeleted(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPublisher(t, cfg)
	newPeer(t, cfg.URL).must("delete exchange", func(ch *amqp091.Channel) error {
		return ch.ExchangeDelete(cfg.Exchanges.Orders, false, false)
	})
	err := publish(t, p, order(1), "1")
	if e, ok := errors.AsType[*amqp091.Error](err); !ok || e.Code != amqp091.NotFound {
		t.Errorf("got error %v, want %d", err, amqp091.NotFound)
	}
}

// Many publish at once, to exchanges of which one has nobody behind it.
func TestPublisherConcurrently(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPublisher(t, cfg)
	bound := newPeer(t, cfg.URL)
	if code := bound.queue(cfg.Stream, true, amqp091.Table{"x-queue-type": "stream"}); code != 0 {
		t.Fatalf("declare the stream: refused with %d", code)
	}
	bound.must("bind", func(ch *amqp091.Channel) error {
		return ch.QueueBind(cfg.Stream, "", cfg.Exchanges.Orders, false, nil)
	})
	const many, each = 8, 100
	var publishing sync.WaitGroup
	for i := range many {
		publishing.Go(func() {
			for k := range each {
				n := i*each + k
				d, want := order(n), error(nil)
				if n%3 == 0 {
					d, want = trade(n), amqp.ErrUnrouted
				}
				if err := publish(t, p, d, strconv.Itoa(n)); !errors.Is(err, want) {
					t.Errorf("message %d: got error %v, want %v", n, err, want)
				}
			}
		})
	}
	publishing.Wait()
	if got, want := len(bound.stream(cfg.Stream)), many*each-(many*each+2)/3; got != want {
		t.Errorf("%d messages are in the stream, want %d", got, want)
	}
}
