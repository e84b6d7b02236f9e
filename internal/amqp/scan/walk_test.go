package scan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/scan"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// walk returns the messages of a stream that has so many behind from. On a slow machine
// it may need more than one attempt to find the end.
func walk(t *testing.T, url string, cfg topology.Config, from uint64, since time.Duration, count int) []scan.Stored {
	t.Helper()
	for end := time.Second; ; end *= 2 {
		var all []scan.Stored
		timeouts := scan.Timeouts{Conn: amqptest.Timeouts(), End: end, Next: amqptest.Never}
		err := scan.WalkWithin(t.Context(), url, cfg, from, since, timeouts, func(m scan.Stored) bool {
			all = append(all, m)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) >= count || end > testenv.Patience {
			return all
		}
	}
}

// boundStream declares the exchanges, and the stream that both feed.
func boundStream(t *testing.T, url string, cfg topology.Config) *amqptest.Peer {
	t.Helper()
	p := amqptest.NewPeer(t, url)
	for _, x := range cfg.Exchanges.All() {
		if code := p.DeclareExchange(x.Name, x.Type, false, false); code != 0 {
			t.Fatalf("declare exchange %s: refused with %d", x.Name, code)
		}
	}
	return amqptest.BoundStream(t, url, cfg)
}

// Walk returns every message as it was published, in order; from its offset on, or
// since some time.
func TestWalk_VisitsMessagesInOrder(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := boundStream(t, url, cfg)
	order, trade := amqptest.Order(0), amqptest.Trade(1)
	p.Publish(cfg.Exchanges.Orders, "a key", amqp091.Publishing{MessageId: "an id", Headers: order.Headers, Body: order.Body})
	p.Send(cfg.Exchanges, trade)
	p.Publish("", cfg.Stream, amqp091.Publishing{Type: "ranger.marker", Body: []byte("a marker")})
	want := []scan.Stored{
		{Delivery: order, Exchange: cfg.Exchanges.Orders, RoutingKey: "a key", MessageID: "an id"},
		{Delivery: trade, Exchange: cfg.Exchanges.Trades},
		{Delivery: event.Delivery{Body: []byte("a marker")}, RoutingKey: cfg.Stream, Type: "ranger.marker"},
	}
	for i := range want {
		want[i].Position = journal.Position{Offset: uint64(i), Check: event.Check(want[i].Body)}
		if want[i].Headers == nil {
			want[i].Headers = map[string]any{}
		}
	}
	for name, c := range map[string]struct {
		from  uint64
		since time.Duration
		want  []scan.Stored
	}{"all": {0, 0, want}, "from an offset": {1, 0, want[1:]}, "since a time": {0, time.Hour, want}} {
		if diff := cmp.Diff(c.want, walk(t, url, cfg, c.from, c.since, len(c.want))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, want := want[2].Record(), "ranger.marker"; got != want {
		t.Errorf("Record of a marker: got %q, want %q", got, want)
	}
}

// I4: RabbitMQ sends a message with the largest header table that it takes in a frame
// that is larger than was negotiated. Walk reads it, and what follows.
func TestWalk_ReadsLargestHeaders(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg := amqptest.NewConfig(t, url)
	p := boundStream(t, url, cfg)
	// A content header has 26 bytes and the entries of its table.
	room := frame.Max - 26 - len("\x0amember_uidS\x00\x00\x00\x0c"+string(amqptest.Alice)) - len("\x03padS\x00\x00\x00\x00")
	d := amqptest.Order(1)
	d.Headers = map[string]any{"member_uid": string(amqptest.Alice), "pad": strings.Repeat("x", room)}
	p.Send(cfg.Exchanges, d, amqptest.Order(2))
	var got []any
	for _, m := range walk(t, url, cfg, 0, time.Hour, 2) {
		got = append(got, m.Headers["member_uid"])
	}
	if diff := cmp.Diff([]any{string(amqptest.Alice), string(amqptest.Alice)}, got); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}
