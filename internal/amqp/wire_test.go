package amqp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// twice is a connection on which a table can have a key twice: its second one is
// spelled with a "!" at the end.
type twice struct{ net.Conn }

func (c twice) Write(b []byte) (int, error) {
	b = bytes.ReplaceAll(b, []byte("x-stream-offse!"), []byte("x-stream-offset"))
	return c.Conn.Write(bytes.ReplaceAll(b, []byte("member_ui!"), []byte("member_uid")))
}

// A publisher has no say in where its message stands in the stream, and no table
// of headers ends the connection, which the next one would meet again.
func TestHeadersThatHarm(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	c, err := amqp091.DialConfig(cfg.URL, amqp091.Config{Dial: func(network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), network, address)
		return twice{c}, err
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
		{"member_uid": string(bob), "member_ui!": string(alice)}, // nobody's
		many,
		{"deep": deep, "x-deep": deep, "member_uid": string(alice)},
	} {
		body := fmt.Appendf(nil, `{"id":%d,"state":"wait"}`, i)
		if err := ch.PublishWithContext(t.Context(), cfg.Exchanges.Orders, "", false, false, amqp091.Publishing{Headers: headers, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	if err := ch.Confirm(false); err != nil { // answered when all that has been routed
		t.Fatal(err)
	}
	p := newPeer(t, cfg.URL)
	p.send(cfg, order(5))
	got := numbers(t, alices.await(t, idText(5)))
	if fmt.Sprint(got) != "[0 1 4 5]" {
		t.Errorf("alice has %v, want 0, 1, 4 and 5", got)
	}
	if last := alices.got[len(alices.got)-1].Offset; last > 20 {
		t.Errorf("the last event is at %d", last)
	}
	if got := n.metrics.unrouted.count(func(r event.Reason) bool { return r == event.BadHeader }); got != 1 {
		t.Errorf("%d messages had bad headers, want 1", got)
	}
	if got := n.log.count(says("will reconnect")); got != 0 {
		t.Errorf("a message ended the connection: %v", n.log.items)
	}
}

// frameOf is a content header with a table of headers, between two others.
func frameOf(table []byte) (before, header, after []byte) {
	payload := []byte{0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0xb0, 0}
	payload = append(payload, 3, 'a', '/', 'b')
	payload = binary.BigEndian.AppendUint32(payload, uint32(len(table)))
	payload = append(append(payload, table...), 2) // the delivery mode
	frame := func(typ byte, payload []byte) []byte {
		b := binary.BigEndian.AppendUint32([]byte{typ, 0, 1}, uint32(len(payload)))
		return append(append(b, payload...), 0xce)
	}
	return frame(8, nil), frame(2, payload), frame(3, []byte("hello"))
}

// A table that is fit to be read is passed on byte by byte, as is all around it.
func TestTidyLeavesBe(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{
		"empty":     "",
		"two":       "\x01aS\x00\x00\x00\x02xx\x0fx-stream-offsetl\x00\x00\x00\x00\x00\x00\x00\x07",
		"all types": "\x01at\x01\x01bb\x01\x01cB\x01\x01ds\x00\x01\x01eu\x00\x01\x01fI\x00\x00\x00\x01\x01gi\x00\x00\x00\x01\x01hl\x00\x00\x00\x00\x00\x00\x00\x01\x01jf\x00\x00\x00\x00\x01kd\x00\x00\x00\x00\x00\x00\x00\x00\x01lD\x00\x00\x00\x00\x01\x01mx\x00\x00\x00\x01x\x01nT\x00\x00\x00\x00\x00\x00\x00\x00\x01oV\x01pA\x00\x00\x00\x02t\x01\x01qF\x00\x00\x00\x04\x01at\x01",
		"cut off":   "\x01aS\x00\x00\x00\x09xx",
		"unknown":   "\x01a?",
		"no value":  "\x01a",
		"no key":    "\x09a",
	} {
		before, header, after := frameOf([]byte(table))
		want := strings.Join([]string{string(before), string(header), string(after)}, "")
		got, err := io.ReadAll(few{amqp.Tidy(newFed(want))})
		if string(got) != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

// few reads a few bytes at a time.
type few struct{ io.Reader }

func (r few) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(3, len(p))]) }

// fed is a connection that says one thing.
type fed struct {
	net.Conn
	r io.Reader
}

func newFed(text string) fed             { return fed{r: strings.NewReader(text)} }
func (f fed) Read(p []byte) (int, error) { return f.r.Read(p) }

// Whatever comes, nothing panics; a table keeps its first offset, once; and what
// was made fit is left be.
func FuzzTidy(f *testing.F) {
	f.Add([]byte("\x0fx-stream-offsetl\x00\x00\x00\x00\x00\x00\x00\x07\x0fx-stream-offsett\x01\x01at\x01\x01at\x01"))
	f.Add([]byte("\x01aA\x00\x00\x00\x02t\x01"))
	f.Add([]byte("\x01aF" + strings.Repeat("\x00\x00\x00\x01A", 20)))
	f.Fuzz(func(t *testing.T, table []byte) {
		before, header, after := frameOf(table)
		all := string(before) + string(header) + string(after)
		once, err := io.ReadAll(amqp.Tidy(newFed(all)))
		if err != nil {
			t.Fatal(err)
		}
		again, err := io.ReadAll(amqp.Tidy(newFed(string(once))))
		if err != nil || !bytes.Equal(once, again) {
			t.Fatalf("%q is made %q, and that %q, %v", all, once, again, err)
		}
		if !bytes.HasPrefix(once, before) || !bytes.HasSuffix(once, after) {
			t.Fatalf("what is around has changed: %q", once)
		}
		_, _ = io.ReadAll(amqp.Tidy(newFed(string(table))))
	})
}
