package amqp_test

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/event"
)

// doubling is a connection on which a header table can have a key twice: the second
// one is spelled with a "!" at the end.
type doubling struct{ net.Conn }

func (c doubling) Write(b []byte) (int, error) {
	b = bytes.ReplaceAll(b, []byte("x-stream-offse!"), []byte("x-stream-offset"))
	return c.Conn.Write(bytes.ReplaceAll(b, []byte("member_ui!"), []byte("member_uid")))
}

// A publisher cannot change the offset of its message, and no header table ends the
// connection: the next one would get it again.
func TestSource_HarmfulHeadersDoNoHarm(t *testing.T) { eachMode(t, testHarmfulHeaders) }

func testHarmfulHeaders(t *testing.T, cfg amqp.Config) {
	n, alices, p := setUp(t, cfg)
	c, err := amqp091.DialConfig(cfg.URL, amqp091.Config{Dial: func(network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), network, address)
		return doubling{c}, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing depends on it
	ch, err := c.Channel()
	if err != nil {
		t.Fatal(err)
	}
	many := amqp091.Table{}
	for i := range 9000 {
		many[fmt.Sprint("a", i)] = true
	}
	deep := any("x")
	for range 100 {
		deep = amqp091.Table{"a": []any{deep}}
	}
	for i, headers := range []amqp091.Table{
		{"x-stream-offset": int64(1 << 40), "x-stream-offse!": int64(1 << 41), "member_uid": string(alice)},
		{"x-stream-offset": "5", "x-stream-offse!": true, "member_uid": string(alice)},
		{"member_uid": string(bob), "member_ui!": string(alice)}, // reaches no user
		many,
		{"deep": deep, "x-deep": deep, "member_uid": string(alice)},
	} {
		body := fmt.Appendf(nil, `{"id":%d,"state":"wait"}`, i)
		if err := ch.PublishWithContext(t.Context(), cfg.Exchanges.Orders, "", false, false, amqp091.Publishing{Headers: headers, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	if err := ch.Confirm(false); err != nil { // answered when all these have been routed
		t.Fatal(err)
	}
	p.Send(cfg.Exchanges, order(5))
	if got, want := fmt.Sprint(numbers(t, alices.await(t, idText(5)))), "[0 1 4 5]"; got != want {
		t.Errorf("got orders %s of alice, want %s", got, want)
	}
	if got := alices.got[len(alices.got)-1].Offset; got > 20 {
		t.Errorf("got offset %d of the last event, want 20 at most", got)
	}
	if got := n.metrics.undelivered.count(is(event.BadHeader)); got != 1 {
		t.Errorf("got %d messages with a bad header, want 1", got)
	}
	n.checkKeptConnection(t)
}

// I4: RabbitMQ adds its offset to the largest header table that it takes, and sends a
// frame that is larger than was negotiated. It ends no connection, neither of a node
// that follows nor of one that starts. scan tests that Walk reads it as well.
func TestSource_LargestHeadersEndNoConnection(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		n, alices, p := setUp(t, cfg)
		// A content header has 26 bytes and the entries of its table.
		room := frame.Max - 26 - len("\x0amember_uidS\x00\x00\x00\x0c"+string(alice)) - len("\x03padS\x00\x00\x00\x00")
		d := order(1)
		d.Headers = amqp091.Table{"member_uid": string(alice), "pad": strings.Repeat("x", room)}
		p.Send(cfg.Exchanges, d, order(2))
		if got, want := fmt.Sprint(numbers(t, alices.await(t, idText(2)))), "[1 2]"; got != want {
			t.Errorf("got orders %s of alice, want %s", got, want)
		}
		next := startNode(t, cfg)
		next.awaitFollowing(t)
		n.checkKeptConnection(t)
		next.checkKeptConnection(t)
	})
}
