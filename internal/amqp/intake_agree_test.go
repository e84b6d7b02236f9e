package amqp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// ownerHeaders are the names that matter.
func ownerHeaders() []string {
	return []string{"member_uid", "member_id", "ask_member_uid", "ask_member_id", "bid_member_uid", "bid_member_id"}
}

// asTaken is what the intake is to make of what the library has read.
func asTaken(d *amqp091.Delivery, most int) amqp.Taken {
	t := amqp.Taken{
		Tag: d.DeliveryTag, Redelivered: d.Redelivered, Check: journal.Check(d.Body),
		Exchange: d.Exchange, MessageID: d.MessageId, Type: d.Type, Body: string(d.Body[:min(len(d.Body), most)]),
		Headers: make(map[string]event.Header),
	}
	offset, ok := d.Headers["x-stream-offset"].(int64)
	if ok && offset >= 0 {
		t.Offset, t.HasOffset = uint64(offset), true
	}
	for _, name := range ownerHeaders() {
		if h := event.Table(d.Headers).Header(name); h.Kind != event.NoHeader {
			t.Headers[name] = h
		}
	}
	return t
}

// broker speaks AMQP as far as one consumer needs it: what is delivered to it is
// text, behind which it is cancelled.
type broker struct {
	net.Conn
	text string
}

func (b broker) serve() {
	method := func(channel uint16, class, id byte, args string) {
		_, _ = io.WriteString(b, frame(1, channel, append([]byte{0, class, 0, id}, args...)))
	}
	if _, err := io.ReadFull(b, make([]byte, 8)); err != nil {
		return
	}
	method(0, 10, 10, "\x00\x09\x00\x00\x00\x00\x00\x00\x00\x05PLAIN\x00\x00\x00\x05en_US")
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(b, head); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(b, payload); err != nil {
			return
		}
		if head[0] != 1 {
			continue
		}
		channel := binary.BigEndian.Uint16(head[1:])
		switch [2]byte{payload[1], payload[3]} {
		case [2]byte{10, 11}:
			method(0, 10, 30, "\x00\x00\x00\x02\x00\x00\x00\x00")
		case [2]byte{10, 40}:
			method(0, 10, 41, "\x00")
		case [2]byte{20, 10}:
			method(channel, 20, 11, "\x00\x00\x00\x00")
		case [2]byte{60, 20}:
			method(channel, 60, 21, shortText(theTag))
			_, _ = io.WriteString(b, b.text)
			method(channel, 60, 30, shortText(theTag)+"\x01")
		case [2]byte{10, 50}:
			method(0, 10, 51, "")
		}
	}
}

// byLibrary returns what the library makes of the messages in text.
func byLibrary(tb rapid.TB, text string, most int) (all []amqp.Taken) {
	tb.Helper()
	ours, brokers := net.Pipe()
	go broker{brokers, text}.serve()
	defer brokers.Close() //nolint:errcheck // nothing depends on it
	c, err := amqp091.Open(amqp.Tidy(ours), amqp091.Config{SASL: []amqp091.Authentication{&amqp091.PlainAuth{}}, Heartbeat: -time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // as above
	ch, err := c.Channel()
	if err != nil {
		tb.Fatal(err)
	}
	deliveries, err := ch.Consume("q", theTag, false, false, false, false, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for d := range deliveries {
		all = append(all, asTaken(&d, most))
	}
	return all
}

// drawTable draws a table's entries: the broker's own first, then those of a
// publisher, some of which come twice.
func drawTable(t *rapid.T) string {
	var table strings.Builder
	table.WriteString(rapid.SampledFrom([]string{"", offsetEntry(7), offsetEntry(1<<53 - 1)}).Draw(t, "offset"))
	names := append(ownerHeaders(), "x-stream-offset", "", "market")
	for range rapid.IntRange(0, 6).Draw(t, "entries") {
		table.WriteString(shortText(rapid.SampledFrom(names).Draw(t, "name")) + drawValue(t, 0))
	}
	return table.String()
}

// drawValue draws a value with its type.
func drawValue(t *rapid.T, depth int) string {
	types := "VtbBsuIifldDTSxAF"
	if depth == 2 {
		types = types[:len(types)-2]
	}
	typ := types[rapid.IntRange(0, len(types)-1).Draw(t, "type")]
	bits := rapid.SampledFrom([]uint64{0, 1, 11, 0x80 << 56, math.MaxUint64, 0x7fffffff80000000}).Draw(t, "bits")
	fixed := string(binary.BigEndian.AppendUint64(nil, bits))
	long := func(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }
	value := ""
	switch typ {
	case 't':
		value = string([]byte{byte(bits & 1)})
	case 'b', 'B':
		value = fixed[:1]
	case 's', 'u':
		value = fixed[:2]
	case 'I', 'i', 'f':
		value = fixed[:4]
	case 'D':
		value = fixed[:5]
	case 'l', 'd', 'T':
		value = fixed
	case 'S', 'x':
		value = long(rapid.SampledFrom([]string{"", "ID092B2AF8E87", "11", " ", "a\xff"}).Draw(t, "text"))
	case 'A':
		value = long(drawValue(t, depth+1))
	case 'F':
		value = long(shortText("member_uid") + drawValue(t, depth+1))
	}
	return string(typ) + value
}

// The intake makes of a message what the library makes of it, once that has its
// tables made fit, with all types of headers, bodies in several frames and the frames
// of others between them.
func TestIntakeAgreesWithTheLibrary(t *testing.T) {
	t.Parallel()
	const maxBody = 5000
	most := amqp.NewIntake(nil, theTag, maxBody).Most()
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for tag := range rapid.IntRange(1, 5).Draw(t, "messages") {
			body := strings.Repeat("body ", rapid.SampledFrom([]int{0, 1, 100, 1000, 20_000}).Draw(t, "size"))
			b.WriteString(deliver(1, theTag, uint64(tag), byte(tag&1), rapid.SampledFrom([]string{"", "orders"}).Draw(t, "exchange")))
			if rapid.Bool().Draw(t, "heartbeat") {
				b.WriteString(frame(8, 0, nil))
			}
			table := drawTable(t)
			set := properties(table, rapid.StringN(0, 20, 40).Draw(t, "id"), "type")
			if rapid.Bool().Draw(t, "bare") {
				set = noProperties
			}
			b.WriteString(header(1, len(body), set))
			for len(body) > 0 {
				n := min(len(body), rapid.IntRange(1, amqp.FrameMax-8).Draw(t, "piece"))
				b.WriteString(frame(3, 1, []byte(body[:n])))
				body = body[n:]
			}
		}
		text := b.String()
		want := byLibrary(t, text, most)
		_, got, err := sortNamed(text, rapid.SampledFrom([]int{1, 1000, 1 << 30}).Draw(t, "at a time"), maxBody, ownerHeaders())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-library +intake)\n%.3000s", err, diff)
		}
	})
}

// What the same stream holds is the same by either way.
func TestIntakeAgreesOnAStream(t *testing.T) {
	t.Parallel()
	const maxBody = 50_000
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	n.stop(t)
	p := newPeer(t, cfg.URL)
	owners := amqp091.Table{"member_uid": string(alice), "ask_member_id": int64(-5), "bid_member_uid": true, "bid_member_id": nil, "market": "btcusd"}
	for i, size := range []int{0, 1, 1000, maxBody, maxBody + 1, amqp.FrameMax - 8, amqp.FrameMax - 7, 3 * amqp.FrameMax} {
		d := amqp091.Publishing{MessageId: fmt.Sprint("id ", i), Type: "some type", Headers: owners, Body: bytes.Repeat([]byte("x"), size)}
		p.publish(cfg.Exchanges.Orders, "", d)
		d.Headers, d.MessageId = nil, ""
		p.publish(cfg.Exchanges.Trades, "key", d)
	}
	for i := range 3000 { // more than a batch
		d := order(i)
		if err := p.ch.PublishWithContext(t.Context(), cfg.Exchanges.Orders, "", false, false, amqp091.Publishing{Headers: d.Headers, Body: d.Body}); err != nil {
			t.Fatal(err)
		}
	}
	p.publish(cfg.Exchanges.Orders, "", amqp091.Publishing{Type: "the last"})

	by := func(c *amqp091.Connection, tag string) (*amqp091.Channel, <-chan amqp091.Delivery) {
		ch, err := c.Channel()
		if err != nil {
			t.Fatal(err)
		}
		if err := ch.Qos(100, 0, false); err != nil {
			t.Fatal(err)
		}
		deliveries, err := ch.Consume(cfg.Stream, tag, false, false, false, false, amqp091.Table{"x-stream-offset": "first"})
		if err != nil {
			t.Fatal(err)
		}
		return ch, deliveries
	}
	c, in, err := amqp.DialIntake(t.Context(), cfg.URL, maxBody)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing depends on it
	defer in.Drop() // before that
	ch, library := by(p.conn, "")
	var want []amqp.Taken
	for d := range library {
		want = append(want, asTaken(&d, in.Most()))
		if err := ch.Ack(d.DeliveryTag, false); err != nil {
			t.Fatal(err)
		}
		if d.Type == "the last" {
			break
		}
	}
	ch, ended := by(c, in.Tag())
	var got []amqp.Taken
	for timeout := time.After(testenv.Patience); len(got) < len(want); {
		select {
		case <-ended:
			t.Fatal("the deliveries ended, or the library has one")
		case <-timeout:
			t.Fatalf("%d messages came, want %d", len(got), len(want))
		case <-in.Lent():
			all := in.Once(ownerHeaders()...)
			got = append(got, all...)
			if err := ch.Ack(all[len(all)-1].Tag, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-library +intake)\n%.3000s", diff)
	}
}
