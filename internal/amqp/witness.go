package amqp

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

const (
	// witnessExpiry is how long the broker keeps a witness that nobody looks at.
	witnessExpiry = time.Hour
	// witnessMemory is how long a witness holds a message: what it says must not
	// be older than the window of a node that starts.
	witnessMemory = time.Minute
)

// A busy exchange's witness is bound for a moment at each look alone: a copy of
// each message costs the broker two thirds of what the stream's does.
const (
	busyRate   = 100 // messages a second
	busyMoment = 200 * time.Millisecond
	busyTries  = 20 // in that moment
)

// errWitnessAway says that there is a witness, and the broker cannot get at it.
var errWitnessAway = errors.New("the witness is out of reach")

// witness names the queue that holds the newest message that x has routed. It
// is bound as the stream is: what it got, the stream must have got. It is not
// durable: each look at a busy one binds it, and RabbitMQ would write that to its
// disk, for which the stream waits some 40 ms.
func (t *topology) witness(x exchange) string { return t.cfg.Stream + ".witness." + x.name }

func (t *topology) placeWitness(ch *amqp091.Channel, x exchange) error {
	_, err := ch.QueueDeclare(t.witness(x), false, false, false, false, amqp091.Table{
		"x-max-length":  int64(1),
		"x-message-ttl": witnessMemory.Milliseconds(),
		"x-expires":     witnessExpiry.Milliseconds(),
	})
	if isCode(err, amqp091.NotFound) {
		return fmt.Errorf("%w: %w", errWitnessAway, err)
	}
	if err != nil {
		return err
	}
	return ch.QueueBind(t.witness(x), "", x.name, false, nil)
}

// ask has judge look at the body of the newest message that x has routed since
// a node asked last, if there is one; of a busy exchange, at one that comes now.
// Where judge returns an error, or this process ends, it is there to be judged
// again.
func (t *topology) ask(ctx context.Context, x exchange, busy bool, judge func(body []byte) error) error {
	if err := t.denied[x.name]; err != nil {
		return err
	}
	err := withChannel(t.conn, func(ch *amqp091.Channel) error {
		var d amqp091.Delivery
		var ok bool
		err := t.conn.inTime(func() (err error) {
			d, ok, err = t.hear(ctx, ch, x, busy)
			return err
		})
		if err != nil || !ok {
			return err // it stays, and hears the next one
		}
		if err := judge(d.Body); err != nil {
			return err
		}
		return d.Ack(false)
	})
	if errors.Is(err, errWitnessAway) {
		if !t.away[x.name] {
			note(&t.away, x)
			t.log.WarnContext(ctx, "the witness of an exchange is out of reach: until it is back, a binding that is removed is not told as a gap",
				"exchange", x.name, "error", err, "advice", fmt.Sprintf("bring back the broker's node that has queue %s, or delete the queue: ranger makes it anew", t.witness(x)))
		}
		return nil
	}
	delete(t.away, x.name)
	return t.noteDenial(x, wrap("ask the witness of exchange "+x.name, err))
}

// hear takes the message that the witness of x has, if it has one.
func (t *topology) hear(ctx context.Context, ch *amqp091.Channel, x exchange, busy bool) (d amqp091.Delivery, ok bool, err error) {
	if err := t.placeWitness(ch, x); err != nil {
		return d, false, err
	}
	d, ok, err = ch.Get(t.witness(x), false)
	for n := 0; busy && !ok && err == nil && n < busyTries; n++ {
		select {
		case <-ctx.Done():
			return d, false, ctx.Err()
		case <-time.After(busyMoment / busyTries):
			d, ok, err = ch.Get(t.witness(x), false)
		}
	}
	if busy && ok && err == nil {
		err = ch.QueueUnbind(t.witness(x), "", x.name, nil)
	}
	return d, ok, err
}

// silence discards what the witness of x has to say.
func (t *topology) silence(ctx context.Context, x exchange) error {
	return t.ask(ctx, x, false, func([]byte) error { return nil })
}
