package publish_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/publish"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

func newBulk(tb testing.TB, url string, cfg topology.Config) *publish.Bulk {
	tb.Helper()
	p, err := publish.NewBulkWithin(tb.Context(), url, cfg.Exchanges, amqptest.Timeouts())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// After Flush the stream has each message once and in its publisher's order, also if
// there are far more than may be in flight.
func TestBulk_PublishesEachMessageOnceInOrder(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := newBulk(t, url, cfg)
	bound := amqptest.BoundStream(t, url, cfg)
	const many, each = 3, publish.BulkInFlight
	var publishing sync.WaitGroup
	for i := range many {
		publishing.Go(func() {
			for n := range each {
				d := amqptest.Order(i*each + n)
				if n%2 == 1 {
					d = amqptest.Trade(i*each + n)
				}
				if err := p.Publish(t.Context(), d); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	publishing.Wait()
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := make([]int, many)
	for _, m := range bound.Stream(cfg.Stream) {
		var id int
		if _, err := fmt.Sscanf(m.Body, `{"id":%d`, &id); err != nil {
			t.Fatalf("%s: %v", m.Body, err)
		}
		if i := id / each; id%each != next[i] {
			t.Fatalf("got message %d, want %d", id, i*each+next[i])
		}
		next[id/each]++
		if want := map[bool]string{true: cfg.Exchanges.Orders, false: cfg.Exchanges.Trades}[id%2 == 0]; m.Exchange != want {
			t.Fatalf("message %d: got exchange %s, want %s", id, m.Exchange, want)
		}
	}
	for i, n := range next {
		if n != each {
			t.Errorf("publisher %d: got %d messages, want %d", i, n, each)
		}
	}
}

// A message that the broker cannot route, or refuses, is the error of the next Flush,
// and of everything after it.
func TestBulk_ReportsFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want error
		prep func(p *amqptest.Peer, cfg topology.Config)
	}{
		"unroutable": {publish.ErrUnroutable, func(*amqptest.Peer, topology.Config) {}},
		"nacked":     {publish.ErrNacked, bindFullQueue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testenv.RabbitMQ(t)
			cfg := amqptest.NewConfig(t, url)
			p := newBulk(t, url, cfg)
			c.prep(amqptest.NewPeer(t, url), cfg)
			for i := range 10 {
				if err := p.Publish(t.Context(), amqptest.Order(i)); err != nil && !errors.Is(err, c.want) {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := p.Flush(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("Flush: got error %v, want %v", err, c.want)
				}
			}
			if err := p.Publish(t.Context(), amqptest.Order(11)); !errors.Is(err, c.want) {
				t.Errorf("Publish: got error %v, want %v", err, c.want)
			}
		})
	}
}

// bindFullQueue binds a queue to the exchange of Orders that refuses all but one
// message.
func bindFullQueue(p *amqptest.Peer, cfg topology.Config) {
	p.DeclareQueue(cfg.Stream, true, amqp091.Table{"x-max-length": 1, "x-overflow": "reject-publish"})
	p.Bind(cfg.Stream, cfg.Exchanges.Orders)
}

// A caller that waits, for room or for confirms, gets an error when the connection
// ends or its context does.
func TestBulk_ConnectionEnds(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg, proxy := amqptest.NewConfig(t, url), amqptest.NewProxy(t, url)
	p := newBulk(t, proxy.URL, cfg)
	proxy.Mute() // so that no confirm comes

	short, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	published := make(chan int, 1)
	waiting.Go(func() {
		for n := 0; ; n++ {
			if err := p.Publish(short, amqptest.Order(n)); err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Publish: got error %v, want %v", err, context.Canceled)
				}
				return
			}
			if n+1 == publish.BulkInFlight {
				published <- n
			}
		}
	})
	<-published
	cancel()
	waiting.Wait()
	if err := p.Flush(short); !errors.Is(err, context.Canceled) {
		t.Errorf("Flush: got error %v, want %v", err, context.Canceled)
	}

	for range 3 {
		waiting.Go(func() {
			if err := p.Flush(t.Context()); err == nil || errors.Is(err, publish.ErrNacked) {
				t.Errorf("Flush: got error %v, want that of the connection", err)
			}
		})
	}
	proxy.Cut()
	waiting.Wait()
	if err := p.Publish(t.Context(), amqptest.Order(0)); err == nil {
		t.Error("Publish after the end of the connection: got no error, want one")
	}
	p.Close()
	p.Close() // may be called again
}

// Nothing remains of an attempt to connect to a broker that does not exist, or that
// refuses: goleak checks that at the end of all tests.
func TestNewBulk_FailsWithoutBroker(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"amqp://127.0.0.1:1/", strings.Replace(testenv.RabbitMQ(t), "guest:guest", "guest:wrong", 1)} {
		if p, err := publish.NewBulk(t.Context(), url, topology.Exchanges{}); err == nil {
			p.Close()
			t.Errorf("NewBulk(%s): got no error, want one", url)
		}
	}
}

// BenchmarkPublish publishes messages of some 700 bytes to an exchange that feeds a
// stream, by Bulk and by Publisher.
func BenchmarkPublish(b *testing.B) {
	d := event.Delivery{Kind: event.Trade, Headers: amqptest.Trade(0).Headers, Body: []byte(`{"id":1,"note":"` + strings.Repeat("x", 650) + `"}`)}
	b.Run("bulk", func(b *testing.B) {
		url := testenv.RabbitMQ(b)
		cfg := amqptest.NewConfig(b, url)
		p := newBulk(b, url, cfg)
		amqptest.BoundStream(b, url, cfg)
		b.ReportAllocs()
		for b.Loop() {
			if err := p.Publish(b.Context(), d); err != nil {
				b.Fatal(err)
			}
		}
		if err := p.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("each", func(b *testing.B) {
		url := testenv.RabbitMQ(b)
		cfg := amqptest.NewConfig(b, url)
		p := newPublisher(b, url, cfg)
		amqptest.BoundStream(b, url, cfg)
		receipts := make([]publish.Receipt, 0, publish.BulkInFlight)
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			r, err := p.Publish(b.Context(), d, strconv.Itoa(n))
			if err != nil {
				b.Fatal(err)
			}
			if receipts = append(receipts, r); len(receipts) == cap(receipts) {
				for _, r := range receipts {
					if err := r.Wait(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				receipts = receipts[:0]
			}
		}
	})
}
