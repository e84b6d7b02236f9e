package main

import (
	"context"
	"errors"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// A stream needs a prefetch and acknowledgements, which grant credit; so does a durable
// queue.
const (
	prefetch = 2000
	ackEvery = 250
)

// feed consumes the events from the broker.
type feed struct {
	cfg        config
	users      *users
	conn       *amqp091.Connection
	deliveries <-chan amqp091.Delivery
}

// connect declares the exchanges, the bindings and the stream or queue, and starts to
// consume.
func connect(cfg config, users *users) (*feed, error) {
	conn, err := amqp091.Dial(cfg.broker)
	if err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	f := &feed{cfg: cfg, users: users, conn: conn}
	if err := f.consume(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *feed) consume() error {
	ch, err := f.conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	for name, kind := range map[string]string{f.cfg.orders: amqp091.ExchangeFanout, f.cfg.trades: amqp091.ExchangeHeaders} {
		if err := ch.ExchangeDeclare(name, kind, false, false, false, false, nil); err != nil {
			return fmt.Errorf("declare exchange %s: %w", name, err)
		}
	}
	queue, err := f.declare(ch)
	if err != nil {
		return fmt.Errorf("declare the stream or queue: %w", err)
	}
	for _, exchange := range []string{f.cfg.orders, f.cfg.trades} {
		if err := ch.QueueBind(queue, "", exchange, false, nil); err != nil {
			return fmt.Errorf("bind to exchange %s: %w", exchange, err)
		}
	}
	var args amqp091.Table
	if f.cfg.source == fromStream {
		args = amqp091.Table{"x-stream-offset": "next"}
	}
	autoAck := f.cfg.source == fromQueue
	if !autoAck {
		if err := ch.Qos(prefetch, 0, false); err != nil {
			return fmt.Errorf("set the prefetch: %w", err)
		}
	}
	f.deliveries, err = ch.Consume(queue, "", autoAck, false, false, false, args)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	return nil
}

// declare declares the stream or queue and returns its name.
func (f *feed) declare(ch *amqp091.Channel) (string, error) {
	switch f.cfg.source {
	case fromQueue:
		const durable, autoDelete = false, true
		q, err := ch.QueueDeclare("", durable, autoDelete, false, false, nil)
		return q.Name, err
	case fromDurable:
		_, err := ch.QueueDeclare(f.cfg.stream, true, false, false, false, nil)
		return f.cfg.stream, err
	default:
		_, err := ch.QueueDeclare(f.cfg.stream, true, false, false, false, amqp091.Table{amqp091.QueueTypeArg: amqp091.QueueTypeStream})
		return f.cfg.stream, err
	}
}

// errEnded reports that the connection to the broker has ended.
var errEnded = errors.New("the connection to the broker has ended")

// run sends each event to its owners until ctx is done.
func (f *feed) run(ctx context.Context) error {
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case d, ok := <-f.deliveries:
			if !ok {
				return errEnded
			}
			f.deliver(&d)
			if f.cfg.source != fromQueue && n%ackEvery == 0 {
				if err := d.Ack(true); err != nil {
					return fmt.Errorf("acknowledge: %w", err)
				}
			}
		}
	}
}

// deliver sends an event to the users that its headers name.
func (f *feed) deliver(d *amqp091.Delivery) {
	if d.Exchange != f.cfg.trades {
		if uid, _ := d.Headers["member_uid"].(string); uid != "" {
			f.users.send(uid, order(d.Body))
		}
		return
	}
	seller, _ := d.Headers["ask_member_uid"].(string)
	buyer, _ := d.Headers["bid_member_uid"].(string)
	ask, bid := trade(d.Body)
	if seller != "" {
		f.users.send(seller, ask)
	}
	if buyer != "" && buyer != seller { // a user on both sides receives the seller's view
		f.users.send(buyer, bid)
	}
}

func (f *feed) close() { _ = f.conn.Close() }
