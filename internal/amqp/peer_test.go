package amqp_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// peer speaks to the broker without the package under test.
type peer struct {
	tb   testing.TB
	conn *amqp091.Connection
	ch   *amqp091.Channel // with confirms
}

func newPeer(tb testing.TB, url string) *peer {
	tb.Helper()
	c, err := dialPatiently(url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() }) // may have ended with the broker
	p := &peer{tb: tb, conn: c}
	p.ch = p.channel()
	if err := p.ch.Confirm(false); err != nil {
		tb.Fatal(err)
	}
	return p
}

func (p *peer) channel() *amqp091.Channel {
	p.tb.Helper()
	ch, err := p.conn.Channel()
	if err != nil {
		p.tb.Fatal(err)
	}
	return ch
}

// try runs f on a channel of its own and returns the code of the broker's
// refusal, 0 for none.
func (p *peer) try(f func(*amqp091.Channel) error) int {
	p.tb.Helper()
	ch := p.channel()
	defer ch.Close() //nolint:errcheck // closed by a refusal
	err := f(ch)
	refusal, ok := err.(*amqp091.Error) //nolint:errorlint // the library does not wrap it
	switch {
	case err == nil:
		return 0
	case ok:
		return refusal.Code
	default:
		p.tb.Fatal(err)
		return -1
	}
}

// must is try where nothing may be refused.
func (p *peer) must(what string, f func(*amqp091.Channel) error) {
	p.tb.Helper()
	if code := p.try(f); code != 0 {
		p.tb.Fatalf("%s: refused with %d", what, code)
	}
}

// queue declares one and returns the code of the broker's refusal, 0 for none.
func (p *peer) queue(name string, durable bool, args amqp091.Table) int {
	p.tb.Helper()
	return p.try(func(ch *amqp091.Channel) error {
		return second(ch.QueueDeclare(name, durable, false, false, false, args))
	})
}

func (p *peer) deleteQueue(name string) {
	p.tb.Helper()
	p.must("delete queue", func(ch *amqp091.Channel) error {
		return second(ch.QueueDelete(name, false, false, false))
	})
}

// publish waits until the broker has confirmed msg.
func (p *peer) publish(exchange, key string, msg amqp091.Publishing) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.tb.Context(), testenv.Patience)
	defer cancel()
	confirm, err := p.ch.PublishWithDeferredConfirm(exchange, key, false, false, msg)
	if err != nil {
		p.tb.Fatal(err)
	}
	if ok, err := confirm.WaitContext(ctx); !ok || err != nil {
		p.tb.Fatalf("publish to %q: confirmed %t, error %v", exchange, ok, err)
	}
}

// post publishes without waiting for the confirm.
func (p *peer) post(exchange, key string, d event.Delivery) {
	p.tb.Helper()
	if err := p.ch.PublishWithContext(p.tb.Context(), exchange, key, false, false,
		amqp091.Publishing{Headers: d.Headers, Body: d.Body}); err != nil {
		p.tb.Fatal(err)
	}
}

// stored is one message as it stands in a stream.
type stored struct {
	at       journal.Position
	exchange string
	typ      string
	body     string
}

// stream returns all that is in a stream.
func (p *peer) stream(name string) []stored {
	p.tb.Helper()
	end := fmt.Sprint("the end for a test at ", time.Now().UnixNano())
	p.publish("", name, amqp091.Publishing{Type: "ranger.marker", Body: []byte(end)})
	ch := p.channel()
	defer ch.Close() //nolint:errcheck // nothing depends on it
	if err := ch.Qos(1000, 0, false); err != nil {
		p.tb.Fatal(err)
	}
	deliveries, err := ch.Consume(name, "", false, false, false, false, amqp091.Table{"x-stream-offset": "first"})
	if err != nil {
		p.tb.Fatal(err)
	}
	var all []stored
	timeout := time.After(testenv.Patience)
	for {
		select {
		case d := <-deliveries:
			if string(d.Body) == end {
				return all
			}
			offset := d.Headers["x-stream-offset"].(int64)
			at := journal.Position{Offset: uint64(offset), Check: journal.Check(d.Body)}
			all = append(all, stored{at, d.Exchange, d.Type, string(d.Body)})
			if err := d.Ack(false); err != nil {
				p.tb.Fatal(err)
			}
		case <-timeout:
			p.tb.Fatalf("stream %s ended after %d messages", name, len(all))
		}
	}
}

// alice and bob are who most messages are for.
const alice, bob event.UID = "IDALICE00001", "IDBOB0000001"

// order is an Order for alice that carries a number.
func order(n int) event.Delivery {
	return event.Delivery{
		Kind:    event.Order,
		Headers: map[string]any{"market": "btcusd", "member_uid": string(alice)},
		Body:    fmt.Appendf(nil, `{"id":%d,"state":"wait","price":"0.10"}`, n),
	}
}

// trade is a Trade that carries a number; alice sells to bob.
func trade(n int) event.Delivery {
	return event.Delivery{
		Kind:    event.Trade,
		Headers: map[string]any{"ask_member_uid": string(alice), "bid_member_uid": string(bob)},
		Body:    fmt.Appendf(nil, `{"id":%d,"price":"3500.0"}`, n),
	}
}

// idText is what the message of order(n) and of trade(n) contains.
func idText(n int) string { return fmt.Sprintf(`"id":%d,`, n) }

// send publishes each to the exchange of its kind, and waits for the confirm.
func (p *peer) send(cfg amqp.Config, deliveries ...event.Delivery) {
	p.tb.Helper()
	for _, d := range deliveries {
		exchange := cfg.Exchanges.Orders
		if d.Kind == event.Trade {
			exchange = cfg.Exchanges.Trades
		}
		p.publish(exchange, "", amqp091.Publishing{Headers: d.Headers, Body: d.Body})
	}
}
