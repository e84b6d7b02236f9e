package topology

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// A binding probe is a queue that contains the newest message that the exchange x
// has routed. It is bound as the stream is: what it got, the stream must have got.
// It is not durable: each check of a busy exchange binds it, and RabbitMQ would
// write that to its disk, for which the stream waits some 40 ms.

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

// probeName returns the name of the probe of x.
func (t *Topology) probeName(x Exchange) string { return t.cfg.Source() + ".probe." + x.Name }

// declareProbe declares the probe of x and binds it.
func (t *Topology) declareProbe(ch *amqp091.Channel, x Exchange) error {
	_, err := ch.QueueDeclare(t.probeName(x), false, false, false, false, amqp091.Table{
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
	return ch.QueueBind(t.probeName(x), "", x.Name, false, nil)
}

// readProbe calls judge with the body of the newest message that x has routed since
// a node last read the probe, if there is one; of a busy exchange, with one that
// comes now. If judge returns an error, or this process ends, the message stays to
// be judged again.
func (t *Topology) readProbe(ctx context.Context, x Exchange, busy bool, judge func(body []byte) error) error {
	if err := t.denied[x.Name]; err != nil {
		return err
	}
	err := t.conn.WithChannel(func(ch *amqp091.Channel) error {
		var d amqp091.Delivery
		var ok bool
		err := t.conn.Do(func() (err error) {
			d, ok, err = t.poll(ctx, ch, x, busy)
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
	return t.noteDenied(x, conn.Wrap("read the binding probe of exchange "+x.Name, err))
}

// poll gets the message of the probe of x, if it has one.
func (t *Topology) poll(ctx context.Context, ch *amqp091.Channel, x Exchange, busy bool) (d amqp091.Delivery, ok bool, err error) {
	if err := t.declareProbe(ch, x); err != nil {
		return d, false, err
	}
	d, ok, err = ch.Get(t.probeName(x), false)
	for n := 0; busy && !ok && err == nil && n < busyPolls; n++ {
		select {
		case <-ctx.Done():
			return d, false, ctx.Err()
		case <-time.After(busyInterval / busyPolls):
			d, ok, err = ch.Get(t.probeName(x), false)
		}
	}
	if busy && ok && err == nil {
		err = ch.QueueUnbind(t.probeName(x), "", x.Name, nil)
	}
	return d, ok, err
}
