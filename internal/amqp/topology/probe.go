package topology

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

const (
	// probeExpiry is how long the broker keeps a probe that no node reads.
	probeExpiry = time.Hour
	// probeTTL is how long a probe keeps a message: what it proves must not be older
	// than the window of a node that starts.
	probeTTL = time.Minute
)

// The probe of a busy exchange is bound only for a moment during each check: a copy
// of each message costs the broker two thirds of what the stream's copy does.
const (
	busyRate     = 100 // messages a second
	busyInterval = 200 * time.Millisecond
	busyPolls    = 20 // in busyInterval
)

// errProbeUnreachable means that the probe exists, but the broker cannot reach it.
var errProbeUnreachable = errors.New("the binding probe is out of reach")

// probe is a queue that contains the newest message that the exchange x has routed.
// It is bound as the stream is: what it got, the stream must have got. It is not
// durable: each check of a busy exchange binds it, and RabbitMQ would write that to
// its disk, for which the stream waits some 40 ms.
type probe struct {
	t *Topology
	x Exchange
}

func (t *Topology) probe(x Exchange) probe { return probe{t, x} }

// name returns the name of the probe.
func (p probe) name() string { return p.t.cfg.Source() + ".probe." + p.x.Name }

// permitted returns the broker's refusal if its user may not declare the probe. Its
// effect is that the probe exists.
func (p probe) permitted() error {
	err := p.t.conn.OnChannel(p.declare)
	if errors.Is(err, errProbeUnreachable) {
		return nil // read deals with it
	}
	return err
}

// declare declares the probe and binds it.
func (p probe) declare(ch *amqp091.Channel) error {
	_, err := ch.QueueDeclare(p.name(), false, false, false, false, amqp091.Table{
		"x-max-length":  int64(1),
		"x-message-ttl": probeTTL.Milliseconds(),
		"x-expires":     probeExpiry.Milliseconds(),
	})
	if conn.IsCode(err, amqp091.NotFound) {
		return fmt.Errorf("%w: %w", errProbeUnreachable, err)
	}
	if err != nil {
		return err
	}
	return ch.QueueBind(p.name(), "", p.x.Name, false, nil)
}

// read calls judge with the body of the newest message that the exchange has routed
// since a node last read the probe, if there is one; of a busy exchange, with one
// that comes now. If judge returns an error, or this process ends, the message stays
// to be judged again.
func (p probe) read(ctx context.Context, busy bool, judge func(body []byte) error) error {
	if err := p.t.denial(p.x); err != nil {
		return err
	}
	err := p.t.conn.WithChannel(func(ch *amqp091.Channel) error {
		var d amqp091.Delivery
		var ok bool
		err := p.t.conn.Do(func() (err error) {
			d, ok, err = p.poll(ctx, ch, busy)
			return err
		})
		if err != nil || !ok {
			return err // a busy one stays bound, and gets the next message
		}
		if err := judge(d.Body); err != nil {
			return err
		}
		return d.Ack(false)
	})
	return conn.Wrap("read the binding probe of exchange "+p.x.Name, err)
}

// poll gets the message of the probe, if it has one.
func (p probe) poll(ctx context.Context, ch *amqp091.Channel, busy bool) (d amqp091.Delivery, ok bool, err error) {
	if err := p.declare(ch); err != nil {
		return d, false, p.t.noteDenied(p.x, err)
	}
	if p.t.undeliverable[p.x.Name] {
		if _, err := ch.QueuePurge(p.name(), false); err != nil {
			return d, false, err
		}
		delete(p.t.undeliverable, p.x.Name)
	}
	d, ok, err = p.get(ch)
	for n := 0; busy && !ok && err == nil && n < busyPolls; n++ {
		select {
		case <-ctx.Done():
			return d, false, ctx.Err()
		case <-time.After(busyInterval / busyPolls):
			d, ok, err = p.get(ch)
		}
	}
	if busy && ok && err == nil {
		err = ch.QueueUnbind(p.name(), "", p.x.Name, nil)
	}
	return d, ok, err
}

// get gets the message of the probe, if it has one. The broker ends the connection if it
// cannot deliver it; then the next poll discards it.
func (p probe) get(ch *amqp091.Channel) (amqp091.Delivery, bool, error) {
	d, ok, err := ch.Get(p.name(), false)
	if conn.IsCrash(err) {
		p.t.undeliverable[p.x.Name] = true
	}
	return d, ok, err
}
