package amqptest

import (
	"fmt"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// Stored is one message of a stream.
type Stored struct {
	At             journal.Position
	Exchange, Type string
	Body           string
}

// Stream returns all messages of a stream.
func (p *Peer) Stream(name string) []Stored {
	p.tb.Helper()
	end := fmt.Sprint("the end for a test at ", time.Now().UnixNano())
	p.Publish("", name, amqp091.Publishing{Type: "ranger.marker", Body: []byte(end)})
	ch, deliveries := p.consume(name, 1000, "first")
	defer ch.Close() //nolint:errcheck // nothing depends on it
	var all []Stored
	timeout := time.After(testenv.Patience)
	for {
		select {
		case d := <-deliveries:
			if string(d.Body) == end {
				return all
			}
			offset, ok := d.Headers["x-stream-offset"].(int64)
			if !ok {
				p.tb.Fatalf("got a message of stream %s with the headers %v, want an x-stream-offset", name, d.Headers)
			}
			at := journal.Position{Offset: uint64(offset), Check: event.Check(d.Body)}
			all = append(all, Stored{at, d.Exchange, d.Type, string(d.Body)})
			if err := d.Ack(false); err != nil {
				p.tb.Fatal(err)
			}
		case <-timeout:
			p.tb.Fatalf("got %d messages of stream %s, want one more that says %q", len(all), name, end)
		}
	}
}

// Follow returns the messages that are stored in a stream from now on. The caller
// acknowledges them.
func (p *Peer) Follow(stream string) <-chan amqp091.Delivery {
	p.tb.Helper()
	_, deliveries := p.consume(stream, 10_000, "next")
	return deliveries
}

func (p *Peer) consume(stream string, prefetch int, begin string) (*amqp091.Channel, <-chan amqp091.Delivery) {
	p.tb.Helper()
	ch := p.OpenChannel()
	if err := ch.Qos(prefetch, 0, false); err != nil {
		p.tb.Fatal(err)
	}
	deliveries, err := ch.Consume(stream, "", false, false, false, false, amqp091.Table{"x-stream-offset": begin})
	if err != nil {
		p.tb.Fatal(err)
	}
	return ch, deliveries
}

// BoundStream declares the stream of cfg and binds it to both exchanges, which must
// exist.
func BoundStream(tb testing.TB, url string, cfg topology.Config) *Peer {
	tb.Helper()
	p := NewPeer(tb, url)
	p.DeclareStream(cfg.Stream, nil)
	for _, x := range cfg.Exchanges.All() {
		p.Bind(cfg.Stream, x.Name)
	}
	return p
}
