package sandbox_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/testenv"
	"ranger/internal/tools/sandbox"
)

// peer is another client of the broker, with the test's exchanges.
type peer struct {
	tb        testing.TB
	url       string
	exchanges topology.Exchanges
	conn      *amqp091.Connection
	channel   *amqp091.Channel
}

// newPeer connects to the shared broker.
func newPeer(tb testing.TB) *peer {
	tb.Helper()
	url, name := testenv.RabbitMQ(tb), rand.Text()
	p := &peer{tb: tb, url: url, exchanges: topology.Exchanges{Orders: "orders-" + name, Trades: "trades-" + name}}
	var err error
	p.conn, err = amqp091.DialConfig(url, amqp091.Config{Dial: amqp091.DefaultDial(testenv.Patience), Locale: "en_US"})
	check(tb, err)
	p.channel, err = p.conn.Channel()
	check(tb, err)
	tb.Cleanup(func() {
		for _, x := range []string{p.exchanges.Orders, p.exchanges.Trades} {
			if err := p.channel.ExchangeDelete(x, false, false); err != nil {
				tb.Error(err)
			}
		}
		if err := p.conn.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// consume returns the messages of both exchanges from now on. It declares them as
// Peatio does.
func (p *peer) consume() <-chan amqp091.Delivery {
	p.tb.Helper()
	queue, err := p.channel.QueueDeclare("", false, true, true, false, nil)
	check(p.tb, err)
	for x, typ := range map[string]string{p.exchanges.Orders: amqp091.ExchangeFanout, p.exchanges.Trades: amqp091.ExchangeHeaders} {
		check(p.tb, p.channel.ExchangeDeclare(x, typ, false, false, false, false, nil))
		check(p.tb, p.channel.QueueBind(queue.Name, "", x, false, nil))
	}
	messages, err := p.channel.Consume(queue.Name, "", true, true, false, false, nil)
	check(p.tb, err)
	return messages
}

// next returns the next message.
func (p *peer) next(messages <-chan amqp091.Delivery) amqp091.Delivery {
	p.tb.Helper()
	return await(p.tb, messages, "the next message")
}

// await returns a value from c.
func await[T any](tb testing.TB, c <-chan T, what string) (got T) {
	tb.Helper()
	select {
	case got = <-c:
	case <-time.After(testenv.Patience):
		tb.Fatal("timeout waiting for " + what)
	}
	return got
}

// broker returns a publisher to the peer's exchanges. Its connections
// pass through the proxy, if there is one.
func (p *peer) broker(through *proxy, log *slog.Logger) *sandbox.BrokerPublisher {
	p.tb.Helper()
	url := p.url
	if through != nil {
		url = through.url
	}
	b := sandbox.NewBrokerPublisher(url, p.exchanges, log)
	p.tb.Cleanup(b.Close)
	return b
}

// The exchanges do not exist yet.
func TestBrokerPublisher_PublishesAsPeatio(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	orders, trades := p.exchanges.Orders, p.exchanges.Trades
	bound := make(chan (<-chan amqp091.Delivery), 1)
	// It declares the exchanges and logs that no queue is bound to them.
	b := p.broker(nil, slog.New(handler(func(r slog.Record) {
		if r.Level != slog.LevelWarn {
			t.Errorf("got log %s", r.Message)
		}
		bound <- p.consume()
	})))
	all := deliveries(t, 5, 20)
	check(t, b.Publish(t.Context(), all[0]))
	messages := await(t, bound, "the log record that no queue is bound")
	var publishing sync.WaitGroup
	defer publishing.Wait()
	publishing.Go(func() {
		for _, d := range all[1:] {
			if err := b.Publish(t.Context(), d); err != nil {
				t.Error(err)
				return
			}
		}
	})
	type message struct {
		Exchange, Key, ContentType string
		Mode                       uint8
		Headers                    amqp091.Table
		Body                       string
	}
	ids, seen := map[string]bool{}, map[event.Kind]bool{}
	for i, d := range all {
		want := message{orders, orders + ".slave", "application/octet-stream", amqp091.Transient, d.Headers, string(d.Body)}
		if d.Kind == event.Trade {
			want.Exchange, want.Key, want.Mode = trades, "", amqp091.Persistent
		}
		m := p.next(messages)
		got := message{m.Exchange, m.RoutingKey, m.ContentType, m.DeliveryMode, m.Headers, string(m.Body)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("message %d (-want +got):\n%s", i, diff)
		}
		if m.MessageId == "" || ids[m.MessageId] {
			t.Errorf("message %d: got message_id %q", i, m.MessageId)
		}
		ids[m.MessageId], seen[d.Kind] = true, true
	}
	if len(seen) != 2 {
		t.Errorf("got kinds %v", seen)
	}
}

// TestBrokerPublisher_LosesConnections: unconfirmed events are published again with the
// same message_id; none is lost, and the order is kept.
func TestBrokerPublisher_LosesConnections(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	through := newProxy(t, p.url)
	b := p.broker(through, quiet)
	messages := p.consume()
	all := deliveries(t, 6, 10)
	cuts := map[int]bool{0: true, 7: true, len(all) - 1: true} // the first, the last, and one between
	failed := make(chan error, 1)
	go func() {
		for i, d := range all {
			through.mute(cuts[i] && i > 0) // for the first event it cannot even connect
			through.shut(i == 0)
			if err := b.Publish(t.Context(), d); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	await(t, through.refused, "the first attempt")
	through.shut(false)
	last := ""
	for i, d := range all {
		m := p.next(messages)
		if string(m.Body) != string(d.Body) || m.MessageId == last {
			t.Fatalf("message %d: got message_id %s and body %s, want %s", i, m.MessageId, m.Body, d.Body)
		}
		last = m.MessageId
		if !cuts[i] || i == 0 {
			continue
		}
		through.lose() // the broker has the event, and its confirm is lost
		again := p.next(messages)
		if again.MessageId != m.MessageId || string(again.Body) != string(m.Body) {
			t.Errorf("after message %d: got another one, %s, %s", i, again.MessageId, again.Body)
		}
	}
	check(t, await(t, failed, "the last confirm"))
	select {
	case m := <-messages:
		t.Errorf("got one more message: %s", m.Body)
	default:
	}
}

// TestBrokerPublisher_BrokerAway: Publish waits for a broker that cannot be reached, logs
// that once, and ends with the context.
func TestBrokerPublisher_BrokerAway(t *testing.T) {
	t.Parallel()
	through := newProxy(t, newPeer(t).url)
	through.shut(true)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	records := 0
	b := sandbox.NewBrokerPublisher(through.url, topology.Exchanges{}, slog.New(handler(func(slog.Record) { records++ })))
	defer b.Close()
	failed := make(chan error, 1)
	d := deliveries(t, 7, 1)[0]
	go func() { failed <- b.Publish(ctx, d) }()
	for range 4 {
		await(t, through.refused, "another attempt")
	}
	end()
	if err := await(t, failed, "the end of Publish"); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	if records != 1 {
		t.Errorf("got %d log records, want 1", records)
	}
}

// TestBrokerPublisher_BrokerSilent: the same for a confirm that does not arrive, and for
// a broker that accepts connections and sends nothing.
func TestBrokerPublisher_BrokerSilent(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	messages := p.consume()
	through := newProxy(t, p.url)
	d := deliveries(t, 8, 1)[0]
	for _, connected := range []bool{true, false} {
		t.Run(strconv.FormatBool(connected), func(t *testing.T) {
			ctx, end := context.WithCancel(t.Context())
			defer end()
			b := p.broker(through, quiet)
			defer b.Close()
			through.mute(false)
			if connected {
				check(t, b.Publish(ctx, d))
				p.next(messages)
			}
			through.mute(true)
			failed := make(chan error, 1)
			go func() { failed <- b.Publish(ctx, d) }()
			if connected {
				p.next(messages)
			} else {
				await(t, through.silenced, "the broker's answer")
			}
			end()
			if err := await(t, failed, "the end of Publish"); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			through.cut() // otherwise the close handshake waits
		})
	}
}

// handler is a slog.Handler that passes on each record.
type handler func(slog.Record)

func (h handler) Enabled(context.Context, slog.Level) bool { return true }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	h(r)
	return nil
}

func (h handler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h handler) WithGroup(string) slog.Handler      { return h }
