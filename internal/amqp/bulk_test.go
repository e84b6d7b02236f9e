package amqp_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// bulkInFlight is how many messages a BulkPublisher sends without a confirm.
const bulkInFlight = 4000

func newBulk(tb testing.TB, cfg amqp.Config) *amqp.BulkPublisher {
	tb.Helper()
	p, err := amqp.NewBulkPublisherWithin(tb.Context(), cfg.URL, cfg.Exchanges, unlimited())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// boundStream declares the stream of cfg and has both exchanges, which must be
// there, feed it.
func boundStream(tb testing.TB, cfg amqp.Config) *peer {
	tb.Helper()
	p := newPeer(tb, cfg.URL)
	if code := p.queue(cfg.Stream, true, amqp091.Table{"x-queue-type": "stream"}); code != 0 {
		tb.Fatalf("declare the stream: refused with %d", code)
	}
	for _, x := range []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades} {
		p.must("bind", func(ch *amqp091.Channel) error { return ch.QueueBind(cfg.Stream, "", x, false, nil) })
	}
	return p
}

// What was flushed is in the stream, each message once and in the order of who
// published it, also where there are far more than may be in flight.
func TestBulk(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newBulk(t, cfg)
	bound := boundStream(t, cfg)
	const many, each = 3, bulkInFlight
	var publishing sync.WaitGroup
	for i := range many {
		publishing.Go(func() {
			for n := range each {
				d := order(i*each + n)
				if n%2 == 1 {
					d = trade(i*each + n)
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
	for _, m := range bound.stream(cfg.Stream) {
		var id int
		if _, err := fmt.Sscanf(m.body, `{"id":%d`, &id); err != nil {
			t.Fatalf("%s: %v", m.body, err)
		}
		if i := id / each; id%each != next[i] {
			t.Fatalf("message %d came when %d was due", id, i*each+next[i])
		}
		next[id/each]++
		if want := map[bool]string{true: cfg.Exchanges.Orders, false: cfg.Exchanges.Trades}[id%2 == 0]; m.exchange != want {
			t.Fatalf("message %d came through %s, want %s", id, m.exchange, want)
		}
	}
	for i, n := range next {
		if n != each {
			t.Errorf("%d messages of publisher %d came, want %d", n, i, each)
		}
	}
}

// A message that the broker has nobody for, or does not take, is told at the next
// flush, and from then on.
func TestBulkFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want error
		prep func(p *peer, cfg amqp.Config)
	}{
		"unrouted": {amqp.ErrUnrouted, func(*peer, amqp.Config) {}},
		"refused": {amqp.ErrRefused, func(p *peer, cfg amqp.Config) {
			p.queue(cfg.Stream, true, amqp091.Table{"x-max-length": 1, "x-overflow": "reject-publish"})
			p.must("bind", func(ch *amqp091.Channel) error { return ch.QueueBind(cfg.Stream, "", cfg.Exchanges.Orders, false, nil) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t, testenv.RabbitMQ(t))
			p := newBulk(t, cfg)
			c.prep(newPeer(t, cfg.URL), cfg)
			for i := range 10 {
				if err := p.Publish(t.Context(), order(i)); err != nil && !errors.Is(err, c.want) {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := p.Flush(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("got error %v, want %v", err, c.want)
				}
			}
			if err := p.Publish(t.Context(), order(11)); !errors.Is(err, c.want) {
				t.Errorf("got error %v, want %v", err, c.want)
			}
		})
	}
}

// Whoever waits for room or for the confirms learns that the connection has
// ended, or that its own time has.
func TestBulkLosesConnection(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	parted := newProxy(t, cfg.URL)
	cfg.URL = parted.url
	p := newBulk(t, cfg)
	parted.mute() // so that confirms do not come

	short, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	published := make(chan int, 1)
	waiting.Go(func() {
		for n := 0; ; n++ {
			if err := p.Publish(short, order(n)); err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got error %v, want that the context has ended", err)
				}
				return
			}
			if n+1 == bulkInFlight {
				published <- n
			}
		}
	})
	<-published
	cancel()
	waiting.Wait()
	if err := p.Flush(short); !errors.Is(err, context.Canceled) {
		t.Errorf("flush: got error %v, want that the context has ended", err)
	}

	for range 3 {
		waiting.Go(func() {
			if err := p.Flush(t.Context()); err == nil || errors.Is(err, amqp.ErrRefused) {
				t.Errorf("flush: got error %v, want that the connection ended", err)
			}
		})
	}
	parted.cut()
	waiting.Wait()
	if err := p.Publish(t.Context(), order(0)); err == nil {
		t.Error("published over a connection that has ended")
	}
	p.Close()
	p.Close() // once more is no harm
}

// Of a broker that is not there, and one that hangs up, nothing stays: goleak
// looks at the end of all tests.
func TestBulkNoBroker(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"amqp://127.0.0.1:1/", strings.Replace(testenv.RabbitMQ(t), "guest:guest", "guest:wrong", 1)} {
		if p, err := amqp.NewBulkPublisher(t.Context(), url, amqp.Exchanges{}); err == nil {
			p.Close()
			t.Errorf("connected to %s", url)
		}
	}
}

// BenchmarkPublish sends messages of some 700 bytes to an exchange with a stream
// behind it, each way.
func BenchmarkPublish(b *testing.B) {
	d := event.Delivery{Kind: event.Trade, Headers: trade(0).Headers, Body: []byte(`{"id":1,"note":"` + strings.Repeat("x", 650) + `"}`)}
	b.Run("bulk", func(b *testing.B) {
		cfg := newConfig(b, testenv.RabbitMQ(b))
		p := newBulk(b, cfg)
		boundStream(b, cfg)
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
		cfg := newConfig(b, testenv.RabbitMQ(b))
		p := newPublisher(b, cfg)
		boundStream(b, cfg)
		receipts := make([]amqp.Receipt, 0, bulkInFlight)
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
