package publish_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/publish"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newPublisher returns a Publisher to the exchanges of cfg.
func newPublisher(tb testing.TB, url string, cfg topology.Config) *publish.Publisher {
	tb.Helper()
	p, err := publish.NewPublisherWithin(tb.Context(), url, cfg.Exchanges, amqptest.Timeouts())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// publishAndWait publishes d and returns what became of it.
func publishAndWait(tb testing.TB, p *publish.Publisher, d event.Delivery, id string) error {
	tb.Helper()
	r, err := p.Publish(tb.Context(), d, id)
	if err != nil {
		return err
	}
	return r.Wait(tb.Context())
}

// unmeasured is a Metrics that counts nothing.
type unmeasured struct{}

func (unmeasured) Event(event.Kind)         {}
func (unmeasured) Undelivered(event.Reason) {}
func (unmeasured) Retried()                 {}
func (unmeasured) Gap(event.GapReason)      {}

// unwoken is a journal.Waker that is not needed.
type unwoken struct{}

func (unwoken) Wake(int) bool { return false }

// startSource returns a Source that has caught up and runs until the test ends, and its
// journal.
func startSource(t *testing.T, url string, cfg topology.Config) (*amqp.Source, *journal.Journal) {
	t.Helper()
	j := journal.New(journal.Config{Size: 1 << 10, Memory: 1 << 20})
	s := amqp.NewSource(amqp.Config{URL: url, Config: cfg}, j, unmeasured{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	if err := s.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, j
}

// A confirmed message reaches the users, and is like Peatio's.
func TestPublisher_PublishesAsPeatio(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	s, j := startSource(t, url, cfg)
	cursors := map[event.UID]*journal.Cursor{}
	for _, uid := range []event.UID{amqptest.Alice, amqptest.Bob} {
		cursors[uid] = j.Subscribe(uid, unwoken{})
		defer cursors[uid].Close()
	}
	stored := amqptest.NewPeer(t, url).Follow(cfg.Stream)
	p := newPublisher(t, url, cfg)
	order, trade := amqptest.Order(0), amqptest.Trade(1)
	for i, d := range []event.Delivery{order, trade} {
		if err := publishAndWait(t, p, d, strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[event.UID]int{amqptest.Alice: 2, amqptest.Bob: 1} {
		entries := make([]journal.Entry, 10)
		n, err := cursors[uid].Read(entries)
		if err != nil || n != want || !strings.Contains(string(entries[n-1].Message), amqptest.IDText(1)) {
			t.Errorf("%s: got %d events, error %v, want %d, the last with %s", uid, n, err, want, amqptest.IDText(1))
		}
	}
	type message struct {
		Exchange, Key, ID, ContentType string
		Mode                           uint8
		Headers                        map[string]any
		Body                           string
	}
	for i, want := range []message{
		{cfg.Exchanges.Orders, cfg.Exchanges.Orders + ".slave", "0", "application/octet-stream", 1, order.Headers, string(order.Body)},
		{cfg.Exchanges.Trades, "", "1", "application/octet-stream", 2, trade.Headers, string(trade.Body)},
	} {
		d := <-stored
		for d.Exchange == "" {
			d = <-stored // a marker
		}
		delete(d.Headers, "x-stream-offset")
		got := message{d.Exchange, d.RoutingKey, d.MessageId, d.ContentType, d.DeliveryMode, d.Headers, string(d.Body)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("message %d (-want +got):\n%s", i, diff)
		}
	}
}

// typesOf returns the types of the exchanges by name.
func typesOf(cfg topology.Config) map[string]string {
	return map[string]string{cfg.Exchanges.Orders: "fanout", cfg.Exchanges.Trades: "headers"}
}

func TestPublisher_DeclaresAsPeatio(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	newPublisher(t, url, cfg)
	p := amqptest.NewPeer(t, url)
	for name, typ := range typesOf(cfg) {
		p.Must("look at "+name, func(ch *amqp091.Channel) error {
			return ch.ExchangeDeclarePassive(name, typ, false, false, false, false, nil)
		})
		if code := p.DeclareExchange(name, typ, false, false); code != 0 {
			t.Errorf("declare %s as Peatio does: got refusal %d, want none", name, code)
		}
		if code := p.DeclareExchange(name, typ, true, false); code != amqp091.PreconditionFailed {
			t.Errorf("declare %s durable: got %d, want %d", name, code, amqp091.PreconditionFailed)
		}
	}
}

func TestPublisher_UsesExistingDurableExchanges(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := amqptest.NewPeer(t, url)
	for name, typ := range typesOf(cfg) {
		if code := p.DeclareExchange(name, typ, true, false); code != 0 {
			t.Fatalf("declare %s: refused with %d", name, code)
		}
	}
	if err := publishAndWait(t, newPublisher(t, url, cfg), amqptest.Order(1), "1"); !errors.Is(err, publish.ErrUnroutable) {
		t.Errorf("got error %v, want %v", err, publish.ErrUnroutable)
	}
}

func TestPublisher_ReportsUnroutable(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := newPublisher(t, url, cfg)
	for i, d := range []event.Delivery{amqptest.Order(0), amqptest.Trade(1)} {
		if err := publishAndWait(t, p, d, strconv.Itoa(i)); !errors.Is(err, publish.ErrUnroutable) {
			t.Errorf("%s: got error %v, want %v", d.Kind, err, publish.ErrUnroutable)
		}
	}
	startSource(t, url, cfg) // which binds its stream
	if err := publishAndWait(t, p, amqptest.Order(2), "2"); err != nil {
		t.Errorf("after a node has bound its stream: got error %v, want none", err)
	}
}

// A full queue refuses messages, which is not the same as a broker that is gone.
func TestPublisher_ReportsNack(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := newPublisher(t, url, cfg)
	bindFullQueue(amqptest.NewPeer(t, url), cfg)
	nacked := 0
	for i := range 10 {
		switch err := publishAndWait(t, p, amqptest.Order(i), strconv.Itoa(i)); {
		case errors.Is(err, publish.ErrNacked):
			nacked++
		case err != nil:
			t.Error(err)
		}
	}
	if nacked < 8 {
		t.Errorf("got %d refused messages, want 8 or more", nacked)
	}
}

// When the connection ends, a caller that waits gets an error, and what was not
// confirmed counts neither as published nor as refused.
func TestPublisher_ConnectionEnds(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg, proxy := amqptest.NewConfig(t, url), amqptest.NewProxy(t, url)
	p := newPublisher(t, proxy.URL, cfg)
	amqptest.BoundStream(t, url, cfg)
	proxy.Mute() // so that no confirm comes
	var receipts []publish.Receipt
	for i := range 20 {
		r, err := p.Publish(t.Context(), amqptest.Order(i), strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	proxy.Cut()
	for _, r := range receipts {
		err := r.Wait(t.Context())
		if _, ok := errors.AsType[*amqp091.Error](err); !ok || errors.Is(err, publish.ErrNacked) || errors.Is(err, publish.ErrUnroutable) {
			t.Fatalf("got error %v, want that of the connection", err)
		}
	}
	if err := publishAndWait(t, p, amqptest.Order(100), "100"); err == nil {
		t.Error("Publish after the end of the connection: got no error, want one")
	}
	p.Close()
	p.Close() // may be called again
}

// A message to a deleted exchange ends the channel; the error has the broker's code.
func TestPublisher_ExchangeDeleted(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := newPublisher(t, url, cfg)
	amqptest.NewPeer(t, url).DeleteExchange(cfg.Exchanges.Orders)
	err := publishAndWait(t, p, amqptest.Order(1), "1")
	if e, ok := errors.AsType[*amqp091.Error](err); !ok || e.Code != amqp091.NotFound {
		t.Errorf("got error %v, want code %d", err, amqp091.NotFound)
	}
}

// Many goroutines publish at once, to exchanges of which one feeds nothing.
func TestPublisher_IsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := newPublisher(t, url, cfg)
	bound := amqptest.NewPeer(t, url)
	bound.DeclareStream(cfg.Stream, nil)
	bound.Bind(cfg.Stream, cfg.Exchanges.Orders)
	const many, each = 8, 100
	var publishing sync.WaitGroup
	for i := range many {
		publishing.Go(func() {
			for k := range each {
				n := i*each + k
				d, want := amqptest.Order(n), error(nil)
				if n%3 == 0 {
					d, want = amqptest.Trade(n), publish.ErrUnroutable
				}
				if err := publishAndWait(t, p, d, strconv.Itoa(n)); !errors.Is(err, want) {
					t.Errorf("message %d: got error %v, want %v", n, err, want)
				}
			}
		})
	}
	publishing.Wait()
	if got, want := len(bound.Stream(cfg.Stream)), many*each-(many*each+2)/3; got != want {
		t.Errorf("got %d messages in the stream, want %d", got, want)
	}
}
