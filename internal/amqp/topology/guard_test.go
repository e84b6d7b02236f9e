package topology_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// guarded is a Topology with its Guard, and the gaps that this records. Its reader has
// always read everything, and no message of the exchanges.
type guarded struct {
	*topology.Guard
	topology *topology.Topology
	conn     *conn.Conn // of the last call of connect
	gaps     []event.GapReason
	refusal  error        // of RecordGap, unless nil
	catchUp  func()       // called once by CatchUp, unless nil
	log      bytes.Buffer // JSON lines

	url string
}

func newGuarded(url string, cfg topology.Config) *guarded {
	g := &guarded{url: url}
	log := slog.New(slog.NewJSONHandler(&g.log, nil))
	g.topology = topology.New(cfg, log)
	g.Guard = topology.NewGuard(g.topology, amqptest.Never, 10*time.Millisecond, log)
	return g
}

// guardedThroughProxy returns a guarded that is connected through a proxy and has checked,
// and a client of the broker.
func guardedThroughProxy(t *testing.T) (*guarded, topology.Config, *amqptest.Peer, *amqptest.Proxy) {
	t.Helper()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p, proxy := amqptest.NewPeer(t, url), amqptest.NewProxy(t, url)
	g := newGuarded(proxy.URL, cfg)
	g.connect(t)
	g.check(t)
	return g, cfg, p, proxy
}

func (g *guarded) CatchUp(context.Context) error {
	if f := g.catchUp; f != nil {
		g.catchUp = nil
		f()
	}
	return nil
}

func (g *guarded) RecordGap(_ context.Context, gap event.Gap) error {
	if g.refusal != nil {
		return g.refusal
	}
	g.gaps = append(g.gaps, gap.Reason)
	return nil
}

func (g *guarded) PlaceMark(ctx context.Context, queue string) error {
	ch, err := g.conn.Channel()
	if err != nil {
		return err
	}
	defer ch.Close() //nolint:errcheck // ends with the connection
	return ch.PublishWithContext(ctx, "", queue, false, false, amqp091.Publishing{DeliveryMode: amqp091.Transient})
}

// connect begins a new connection, as a node does, up to its first check.
func (g *guarded) connect(t *testing.T) {
	t.Helper()
	if g.conn != nil {
		g.conn.Close()
	}
	g.conn = dial(t, g.url)
	g.topology.Use(g.conn)
	found, err := g.topology.Ensure()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.EnsureBindings(t.Context(), found.Created); err != nil {
		t.Fatal(err)
	}
	if err := g.Prepare(found.Created); err != nil {
		t.Fatal(err)
	}
}

// check makes one check, and returns the gaps that it recorded.
func (g *guarded) check(t *testing.T) (recorded []event.GapReason) {
	t.Helper()
	g.gaps = nil
	if err := g.Check(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	g.NoteChecked(time.Now().UnixMilli())
	return g.gaps
}

// dial opens a connection that has no time limits.
func dial(t *testing.T, url string) *conn.Conn {
	t.Helper()
	c, err := conn.Dial(t.Context(), url, conn.Options{Name: "a test", Timeouts: amqptest.Timeouts()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// An exchange that was missing when a connection began is a gap once, and each exchange
// by itself.
func TestGuard_MissingExchangeIsGapOnce(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p, g := amqptest.NewPeer(t, url), newGuarded(url, cfg)
	orders, trades := cfg.Exchanges.Orders, cfg.Exchanges.Trades
	for _, step := range []struct {
		name   string
		delete []string // before the connection
		want   []event.GapReason
	}{
		{"a fresh broker", nil, nil},
		{"nothing missing", nil, nil},
		{"both missing", []string{orders, trades}, []event.GapReason{event.GapExchange, event.GapExchange}},
		{"orders missing", []string{orders}, []event.GapReason{event.GapExchange}},
		{"trades missing", []string{trades}, []event.GapReason{event.GapExchange}},
		{"nothing missing again", nil, nil},
	} {
		for _, x := range step.delete {
			p.DeleteExchange(x)
		}
		g.connect(t)
		if diff := cmp.Diff(step.want, g.check(t)); diff != "" {
			t.Errorf("%s, first check: gaps (-want +got):\n%s", step.name, diff)
		}
		if diff := cmp.Diff([]event.GapReason(nil), g.check(t)); diff != "" {
			t.Errorf("%s, second check: gaps (-want +got):\n%s", step.name, diff)
		}
	}
}

// A missing exchange without canary and probe is announced although the connection that
// found it missing ended first, or could not record the gap: nothing else shows it to
// the next connection. The log says so when the gap is recorded.
func TestGuard_AnnouncesMissingExchangeOverLaterConnection(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p, g := amqptest.NewPeer(t, url), newGuarded(url, cfg)
	p.DeclareQueue(amqptest.Probe(cfg, cfg.Exchanges.Orders), true, nil) // not as a probe: there is no guard
	g.connect(t)
	g.check(t)
	const announced = "exchange did not feed the stream; gap announced"

	p.DeleteExchange(cfg.Exchanges.Orders)
	g.connect(t) // which ends before its first check
	g.connect(t)
	if diff := cmp.Diff([]event.GapReason{event.GapExchange}, g.check(t)); diff != "" {
		t.Errorf("missing when a connection began: gaps (-want +got):\n%s", diff)
	}

	for _, missing := range []string{"at a check", "when a connection began"} {
		p.DeleteExchange(cfg.Exchanges.Orders)
		if missing != "at a check" {
			g.connect(t)
		}
		g.log.Reset()
		g.refusal = errors.New("not confirmed")
		if err := g.Check(t.Context(), g); !errors.Is(err, g.refusal) {
			t.Fatalf("missing %s: got error %v, want %v", missing, err, g.refusal)
		}
		if got := messages(t, &g.log); slices.Contains(got, announced) {
			t.Errorf("missing %s: logged %q before the gap was recorded", missing, got)
		}
		g.refusal = nil
		g.connect(t)
		g.log.Reset()
		if diff := cmp.Diff([]event.GapReason{event.GapExchange}, g.check(t)); diff != "" {
			t.Errorf("missing %s: gaps (-want +got):\n%s", missing, diff)
		}
		if got := messages(t, &g.log); !slices.Contains(got, announced) {
			t.Errorf("missing %s: logged %q, want %q", missing, got, announced)
		}
		if got := g.check(t); len(got) != 0 {
			t.Errorf("missing %s: got the gaps %v at the next check, want none", missing, got)
		}
	}
}

// If two nodes start together on a fresh broker, and the second one declares the
// exchanges, it announces no gap, also if the first one checks before it does, or while.
func TestGuard_NoGapIfAnotherNodeChecksFirst(t *testing.T) {
	t.Parallel()
	for _, during := range []bool{false, true} {
		url := testenv.RabbitMQ(t)
		cfg := amqptest.NewConfig(t, url)
		amqptest.NewPeer(t, url).DeclareStream(cfg.Stream, nil) // as the first node does
		first, second := newGuarded(url, cfg), newGuarded(url, cfg)
		start := func(g *guarded) {
			g.connect(t)
			if err := g.Prepare(true); err != nil {
				t.Fatal(err)
			}
		}
		start(second)
		checked := false
		second.catchUp = func() {
			start(first)
			if got := first.check(t); len(got) != 0 {
				t.Errorf("the first node: got the gaps %v, want none", got)
			}
			second.NoteChecked(time.Now().UnixMilli())
			checked = true
		}
		if !during {
			if err := second.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if got := second.check(t); len(got) != 0 {
				t.Errorf("the second node, during its check %t: got the gaps %v, want none", during, got)
			}
		}
		if !checked {
			t.Error("the first node did not check: the test shows nothing")
		}
	}
}

// A node that ends while it judges the message of a probe leaves it to the next one,
// even if that has found the probe empty meanwhile.
func TestGuard_FindsProbeMessageThatWasNotJudged(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p, g := amqptest.NewPeer(t, url), newGuarded(url, cfg)
	g.connect(t)
	g.check(t)
	p.Unbind(cfg.Stream, cfg.Exchanges.Orders)
	p.Send(cfg.Exchanges, amqptest.Order(1))

	dying := newGuarded(url, cfg)
	dying.connect(t)
	ended := errors.New("the process ends")
	judged := 0
	err := dying.topology.ReadProbe(t.Context(), cfg.Exchanges.Of(event.Order), func([]byte) error {
		judged++
		if got := g.check(t); len(got) != 0 {
			t.Errorf("while the message is judged: got the gaps %v, want none", got)
		}
		return ended
	})
	if judged != 1 || !errors.Is(err, ended) {
		t.Fatalf("got %d judged messages, error %v, want 1, %v", judged, err, ended)
	}
	var got []event.GapReason
	testenv.Eventually(t, "the message is in the probe again", func() bool {
		got = g.check(t)
		return len(got) > 0
	})
	if diff := cmp.Diff([]event.GapReason{event.GapBinding}, got); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

// A durable probe would be written to the broker's disk at each check, and the stream
// would wait for that.
func TestGuard_ProbeIsNotDurable(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	newGuarded(url, cfg).connect(t)
	args := amqp091.Table{"x-max-length": int64(1), "x-message-ttl": int64(60_000), "x-expires": int64(3_600_000)}
	if code := amqptest.NewPeer(t, url).DeclareQueue(amqptest.Probe(cfg, cfg.Exchanges.Orders), false, args); code != 0 {
		t.Errorf("declare it as not durable: got refusal %d, want none", code)
	}
}
