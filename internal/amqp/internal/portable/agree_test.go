package portable_test

import (
	"net"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"

	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/frame/frametest"
)

// source is what the reader uses of either kind of deliveries.
type source interface {
	Ready() <-chan struct{}
	Batch() ([]frame.Delivery, time.Time)
	Next() bool
	Release()
}

// readAll returns the messages of s until ended, as the reader does.
func readAll[T any](s source, ended <-chan T) (all []frametest.Copy) {
	drain := func() {
		defer s.Release()
		for more := true; more; more = s.Next() {
			batch, _ := s.Batch()
			for i := range batch {
				all = append(all, frametest.CopyOf(&batch[i], frametest.OwnerHeaders()...))
			}
		}
	}
	for {
		select {
		case <-s.Ready():
			drain()
		case <-ended:
			select {
			case <-s.Ready(): // came together with the end
				drain()
			default:
			}
			return all
		}
	}
}

// consume consumes through a broker that sends text, over what wrap returns.
func consume(t *rapid.T, text, consumer string, wrap func(net.Conn) net.Conn, read func(fromLibrary <-chan amqp091.Delivery)) {
	client, server := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		(&frametest.Broker{Consumer: consumer, Text: text}).Serve(server)
	}()
	defer func() { <-served }()
	c, err := amqp091.Open(frame.Sanitize(wrap(client)), amqp091.Config{SASL: []amqp091.Authentication{&amqp091.PlainAuth{}}, Heartbeat: -time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing depends on it
	ch, err := c.Channel()
	if err != nil {
		t.Fatal(err)
	}
	fromLibrary, err := ch.Consume("q", consumer, false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	read(fromLibrary)
}

// Headers and offset, which come through a Table, are what a demux.Conn yields for the
// same frames, and so is everything else.
func TestDeliveries_AgreeWithDemux(t *testing.T) {
	t.Parallel()
	const maxBody = 5000
	rapid.Check(t, func(t *rapid.T) {
		in := demux.New(maxBody)
		text := frametest.DrawMessages(t, in.Tag())
		var want, got []frametest.Copy
		consume(t, text, in.Tag(), in.Wrap, func(fromLibrary <-chan amqp091.Delivery) { want = readAll(in, fromLibrary) })
		same := func(c net.Conn) net.Conn { return c }
		consume(t, text, in.Tag(), same, func(fromLibrary <-chan amqp091.Delivery) {
			d, ended := start(fromLibrary, maxBody)
			defer d.Stop()
			got = readAll(d, ended)
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-demux +portable)\n%.3000s", diff)
		}
		if len(got) == 0 || !slices.IsSortedFunc(got, func(a, b frametest.Copy) int { return int(a.Tag) - int(b.Tag) }) {
			t.Fatalf("got %d messages, want all, in order of their tags", len(got))
		}
	})
}
