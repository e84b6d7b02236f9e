package amqp

import (
	"context"
	"errors"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// Remove deletes at the broker what nodes and publishers with this Config made or
// used there: the stream, or a node's queue, and all that is in it, both exchanges with all their
// bindings, and what watches over them. It is for names that a trial has for
// itself, once its nodes have ended. What is not there is no error.
func Remove(ctx context.Context, cfg Config) error {
	cfg.Exchanges = cfg.Exchanges.withDefaults()
	if cfg.Queue {
		cfg.Stream = queueName(cfg)
	}
	c, err := dial(ctx, cfg.URL, "ranger bench", nil, cfg.limits)
	if err != nil {
		return advised(err)
	}
	defer hangUp(c)
	t := topology{conn: c, cfg: cfg}
	errs := []error{removeQueue(c, cfg.Stream)}
	for _, x := range cfg.Exchanges.both() {
		errs = append(errs,
			removeQueue(c, t.witness(x)),
			wrap("delete exchange "+x.name, onChannel(c, func(ch *amqp091.Channel) error {
				return ch.ExchangeDelete(x.name, false, false) // and with it its canary
			})))
	}
	return errors.Join(errs...)
}

func removeQueue(c *connection, name string) error {
	return wrap("delete queue "+name, onChannel(c, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDelete(name, false, false, false)
		return err
	}))
}
