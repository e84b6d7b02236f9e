package amqptest

import (
	"context"
	"errors"
	"maps"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// Peer speaks to the broker by amqp091-go, without ranger's code. It fails the test
// at any error that the method does not return. It is for the goroutine of the test.
type Peer struct {
	Conn    *amqp091.Connection
	Channel *amqp091.Channel // in confirm mode

	tb testing.TB
}

// NewPeer connects to the broker at url until the test ends.
func NewPeer(tb testing.TB, url string) *Peer {
	tb.Helper()
	c, err := Dial(url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() }) // may have ended with the broker
	p := &Peer{tb: tb, Conn: c}
	p.Channel = p.OpenChannel()
	if err := p.Channel.Confirm(false); err != nil {
		tb.Fatal(err)
	}
	return p
}

// OpenChannel returns a new channel.
func (p *Peer) OpenChannel() *amqp091.Channel {
	p.tb.Helper()
	ch, err := p.Conn.Channel()
	if err != nil {
		p.tb.Fatal(err)
	}
	return ch
}

// Try runs f on a new channel and returns the code of the broker's refusal; 0 for
// none.
func (p *Peer) Try(f func(*amqp091.Channel) error) int {
	p.tb.Helper()
	ch := p.OpenChannel()
	defer ch.Close() //nolint:errcheck // closed by a refusal
	err := f(ch)
	refusal, ok := errors.AsType[*amqp091.Error](err)
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

// Must runs f as Try does, and fails the test if the broker refuses. what says what
// f does.
func (p *Peer) Must(what string, f func(*amqp091.Channel) error) {
	p.tb.Helper()
	if code := p.Try(f); code != 0 {
		p.tb.Fatalf("%s: refused with %d", what, code)
	}
}

// DeclareQueue declares a queue and returns the code of the broker's refusal; 0 for
// none.
func (p *Peer) DeclareQueue(name string, durable bool, args amqp091.Table) int {
	p.tb.Helper()
	return p.Try(func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclare(name, durable, false, false, false, args)
		return err
	})
}

// DeclareStream declares a stream with these arguments and its type.
func (p *Peer) DeclareStream(name string, args amqp091.Table) {
	p.tb.Helper()
	all := amqp091.Table{"x-queue-type": "stream"}
	maps.Copy(all, args)
	if code := p.DeclareQueue(name, true, all); code != 0 {
		p.tb.Fatalf("declare stream %s: refused with %d", name, code)
	}
}

// DeclareExchange declares an exchange and returns the code of the broker's refusal;
// 0 for none.
func (p *Peer) DeclareExchange(name, typ string, durable, autoDelete bool) int {
	p.tb.Helper()
	return p.Try(func(ch *amqp091.Channel) error {
		return ch.ExchangeDeclare(name, typ, durable, autoDelete, false, false, nil)
	})
}

// DeleteQueue deletes a queue or a stream.
func (p *Peer) DeleteQueue(name string) {
	p.tb.Helper()
	p.Must("delete queue "+name, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDelete(name, false, false, false)
		return err
	})
}

// DeleteExchange deletes an exchange.
func (p *Peer) DeleteExchange(name string) {
	p.tb.Helper()
	p.Must("delete exchange "+name, func(ch *amqp091.Channel) error { return ch.ExchangeDelete(name, false, false) })
}

// Bind binds a queue to an exchange, without key and arguments.
func (p *Peer) Bind(queue, exchange string) {
	p.tb.Helper()
	p.Must("bind "+queue+" to "+exchange, func(ch *amqp091.Channel) error { return ch.QueueBind(queue, "", exchange, false, nil) })
}

// Unbind removes what Bind has bound.
func (p *Peer) Unbind(queue, exchange string) {
	p.tb.Helper()
	p.Must("unbind "+queue+" from "+exchange, func(ch *amqp091.Channel) error { return ch.QueueUnbind(queue, "", exchange, nil) })
}

// Publish publishes msg and waits for the broker's confirm.
func (p *Peer) Publish(exchange, key string, msg amqp091.Publishing) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.tb.Context(), testenv.Patience)
	defer cancel()
	confirm, err := p.Channel.PublishWithDeferredConfirm(exchange, key, false, false, msg)
	if err != nil {
		p.tb.Fatal(err)
	}
	if ok, err := confirm.WaitContext(ctx); !ok || err != nil {
		p.tb.Fatalf("publish to %q: confirmed %t, error %v", exchange, ok, err)
	}
}

// Post publishes d and does not wait for the confirm.
func (p *Peer) Post(exchange, key string, d event.Delivery) {
	p.tb.Helper()
	if err := p.Channel.PublishWithContext(p.tb.Context(), exchange, key, false, false, Publishing(d)); err != nil {
		p.tb.Fatal(err)
	}
}

// Send publishes each to the exchange of its kind, and waits for the confirm.
func (p *Peer) Send(exchanges topology.Exchanges, deliveries ...event.Delivery) {
	p.tb.Helper()
	for _, d := range deliveries {
		p.Publish(exchanges.Of(d.Kind).Name, "", Publishing(d))
	}
}

// Publishing returns the message that contains d.
func Publishing(d event.Delivery) amqp091.Publishing {
	return amqp091.Publishing{Headers: d.Headers, Body: d.Body}
}
