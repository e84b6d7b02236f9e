package demux_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// copyOf returns the Copy that a demux.Conn must yield for what the library yields.
func copyOf(d *amqp091.Delivery, maxBody int) frametest.Copy {
	c := frametest.Copy{
		Tag: d.DeliveryTag, Redelivered: d.Redelivered, Check: event.Check(d.Body),
		Exchange: d.Exchange, MessageID: d.MessageId, Type: d.Type, Body: string(d.Body[:min(len(d.Body), maxBody)]),
		Headers: make(map[string]event.Header),
	}
	if offset, ok := d.Headers[frame.OffsetHeader].(int64); ok && offset >= 0 {
		c.Offset, c.HasOffset = uint64(offset), true
	}
	for _, name := range frametest.OwnerHeaders() {
		if h := event.Table(d.Headers).Header(name); h.Kind != event.NoHeader {
			c.Headers[name] = h
		}
	}
	return c
}

// fromLibrary returns what amqp091-go yields for the messages in text, whose header
// tables are sanitized first.
func fromLibrary(tb rapid.TB, text string, maxBody int) (all []frametest.Copy) {
	tb.Helper()
	client, server := net.Pipe()
	go (&frametest.Broker{Consumer: frametest.Consumer, Text: text}).Serve(server)
	c, err := amqp091.Open(frame.Sanitize(client), amqp091.Config{SASL: []amqp091.Authentication{&amqp091.PlainAuth{}}, Heartbeat: -time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing depends on it
	ch, err := c.Channel()
	if err != nil {
		tb.Fatal(err)
	}
	deliveries, err := ch.Consume("q", frametest.Consumer, false, false, false, false, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for d := range deliveries {
		all = append(all, copyOf(&d, maxBody))
	}
	return all
}

func TestDemux_AgreesWithLibrary(t *testing.T) {
	t.Parallel()
	const maxBody = 5000
	rapid.Check(t, func(t *rapid.T) {
		text := frametest.DrawMessages(t, frametest.Consumer)
		want := fromLibrary(t, text, maxBody)
		atATime := rapid.SampledFrom([]int{1, 1000, 1 << 30}).Draw(t, "bytes at a time")
		_, got, err := read(text, atATime, maxBody, frametest.OwnerHeaders()...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-library +demux)\n%.3000s", err, diff)
		}
	})
}

// The connection does not end at a table that is too large or has too many entries,
// and library and reader find the same owner in it.
func TestDemux_AgreesWithLibraryOnLargeTables(t *testing.T) {
	t.Parallel()
	const maxBody, uid = 100, "IDALICE00001"
	owner := frametest.TextEntry("member_uid", uid)
	entries := frametest.TextEntries
	for name, c := range map[string]struct {
		table string
		owned bool
	}{
		"one value":              {frametest.TextEntry("pad", strings.Repeat("x", frame.Max)) + owner, true},
		"by the offset":          {owner + frametest.TextEntry("pad", strings.Repeat("x", frame.Max-200)), true},
		"a broker's larger one":  {owner + frametest.TextEntry("pad", strings.Repeat("x", 1<<20)), true},
		"as large as may be":     {entries(100, 1300) + owner + entries(100, 1<<16), true},
		"many, then short ones":  {entries(145, 900) + entries(100, 20) + owner, true},
		"many":                   {entries(250, 600) + owner, true},
		"as many as are read":    {entries(254, 1) + owner, true}, // after the offset
		"one more":               {entries(255, 1) + owner, false},
		"twice in many":          {owner + entries(253, 1) + owner, false},
		"twice in more":          {owner + entries(254, 1) + owner, true},
		"many large, one behind": {entries(255, 600) + owner, false},
	} {
		text := frametest.Deliver(1, frametest.Consumer, 1, 0, "orders") +
			frametest.Header(1, 5, frametest.Properties(frametest.OffsetEntry(7)+c.table, "id", "type")) + frametest.Body(1, "hello")
		want := fromLibrary(t, text, maxBody)
		_, got, err := read(text, 5000, maxBody, frametest.OwnerHeaders()...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || len(got) != 1 {
			t.Errorf("%s: %d messages, %v (-library +demux)\n%.3000s", name, len(got), err, diff)
			continue
		}
		h := got[0].Headers["member_uid"]
		if owned := h.Kind == event.TextHeader && string(h.Text) == uid; owned != c.owned || got[0].Offset != 7 {
			t.Errorf("%s: got member_uid %+v at offset %d, want %s: %t, at 7", name, h, got[0].Offset, uid, c.owned)
		}
	}
}

// stream is a stream at the broker, with an exchange that feeds it.
type stream struct {
	ch             *amqp091.Channel
	name, exchange string
}

// newStream declares a stream and an exchange, and fills the stream. The last
// message has the type "last".
func newStream(t *testing.T, c *conn.Conn, maxBody int) stream {
	t.Helper()
	ch, err := c.Confirming()
	if err != nil {
		t.Fatal(err)
	}
	s := stream{ch: ch, name: "stream-" + rand.Text(), exchange: "orders-" + rand.Text()}
	t.Cleanup(func() {
		_, err := ch.QueueDelete(s.name, false, false, false)
		if err2 := ch.ExchangeDelete(s.exchange, false, false); err != nil || err2 != nil {
			t.Errorf("delete the test's stream and exchange: %v, %v", err, err2)
		}
	})
	_, err = ch.QueueDeclare(s.name, true, false, false, false, amqp091.Table{amqp091.QueueTypeArg: amqp091.QueueTypeStream})
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.ExchangeDeclare(s.exchange, amqp091.ExchangeFanout, false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind(s.name, "", s.exchange, false, nil); err != nil {
		t.Fatal(err)
	}
	owners := amqp091.Table{"member_uid": "IDALICE00001", "ask_member_id": int64(-5), "bid_member_uid": true, "bid_member_id": nil, "market": "btcusd"}
	for i, size := range []int{0, 1, 1000, maxBody, maxBody + 1, frame.Max - 8, frame.Max - 7, 3 * frame.Max} {
		d := amqp091.Publishing{MessageId: fmt.Sprint("id ", i), Type: "some type", Headers: owners, Body: bytes.Repeat([]byte("x"), size)}
		s.publish(t, s.exchange, "", d)
		d.Headers, d.MessageId = nil, ""
		s.publish(t, "", s.name, d)
	}
	for i := range 3000 { // more than a batch
		s.publish(t, s.exchange, "", amqp091.Publishing{Headers: owners, Body: fmt.Appendf(nil, `{"id":%d}`, i)})
	}
	last, err := ch.PublishWithDeferredConfirm(s.exchange, "", false, false, amqp091.Publishing{Type: "last"})
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := last.WaitContext(t.Context()); !ok || err != nil {
		t.Fatalf("confirm of the last message: %t, %v", ok, err)
	}
	return s
}

func (s stream) publish(t *testing.T, exchange, key string, d amqp091.Publishing) {
	t.Helper()
	if err := s.ch.PublishWithContext(t.Context(), exchange, key, false, false, d); err != nil {
		t.Fatal(err)
	}
}

// consume reads the stream over c from its first message on.
func (s stream) consume(t *testing.T, c *conn.Conn, tag string) (*amqp091.Channel, <-chan amqp091.Delivery) {
	t.Helper()
	ch, err := c.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Qos(100, 0, false); err != nil {
		t.Fatal(err)
	}
	deliveries, err := ch.Consume(s.name, tag, false, false, false, false, amqp091.Table{frame.OffsetHeader: "first"})
	if err != nil {
		t.Fatal(err)
	}
	return ch, deliveries
}

func dial(t *testing.T, o conn.Options) *conn.Conn {
	t.Helper()
	o.Timeouts = conn.Timeouts{Handshake: time.Hour, Heartbeat: time.Hour, Answer: time.Hour}
	c, err := conn.Dial(t.Context(), testenv.RabbitMQ(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestDemux_AgreesWithLibraryOnARealStream(t *testing.T) {
	t.Parallel()
	const maxBody = 50_000
	ordinary := dial(t, conn.Options{Name: "library"})
	s := newStream(t, ordinary, maxBody)
	ch, deliveries := s.consume(t, ordinary, "")
	var want []frametest.Copy
	for d := range deliveries {
		want = append(want, copyOf(&d, maxBody))
		if err := ch.Ack(d.DeliveryTag, false); err != nil {
			t.Fatal(err)
		}
		if d.Type == "last" {
			break
		}
	}

	in := demux.New(maxBody)
	c := dial(t, conn.Options{Name: "demux", Wrap: in.Wrap, Behind: in.BehindSince})
	t.Cleanup(in.Stop) // before c is closed
	ch, ended := s.consume(t, c, in.Tag())
	var got []frametest.Copy
	for timeout := time.After(testenv.Patience); len(got) < len(want); {
		select {
		case <-ended:
			t.Fatal("the deliveries ended, or the library got one")
		case <-timeout:
			t.Fatalf("got %d messages, want %d", len(got), len(want))
		case <-in.Ready():
			all := takeBatch(in, frametest.OwnerHeaders()...)
			got = append(got, all...)
			if err := ch.Ack(all[len(all)-1].Tag, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-library +demux)\n%.3000s", diff)
	}
}
