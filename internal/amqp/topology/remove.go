package topology

import (
	"context"
	"errors"
	"log/slog"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// Remove deletes everything at the broker at url that nodes and publishers with
// this cfg have declared or used: the stream or the node's queue with their
// messages, both exchanges with all their bindings, canaries and probes, and the queue
// that shows a restart of the host at url; those of other hosts expire. It is for
// names that a trial has for itself, once its nodes have ended. It ignores what
// does not exist.
func Remove(ctx context.Context, url string, cfg Config) error {
	return remove(ctx, url, cfg, conn.Timeouts{})
}

func remove(ctx context.Context, url string, cfg Config, timeouts conn.Timeouts) error {
	c, err := conn.Dial(ctx, url, conn.Options{Name: "ranger remove", Timeouts: timeouts})
	if err != nil {
		return conn.Advised(err)
	}
	defer c.Close()
	t := New(cfg, slog.New(slog.DiscardHandler))
	t.Use(c)
	errs := []error{t.deleteQueue(t.cfg.Source()), t.deleteQueue(t.run(c.Address()).name())}
	for _, x := range t.cfg.Exchanges.All() {
		errs = append(errs,
			t.deleteQueue(t.probe(x).name()),
			conn.Wrap("delete exchange "+x.Name, c.OnChannel(func(ch *amqp091.Channel) error {
				return ch.ExchangeDelete(x.Name, false, false) // its canary deletes itself
			})))
	}
	return errors.Join(errs...)
}

func (t *Topology) deleteQueue(name string) error {
	return conn.Wrap("delete queue "+name, t.conn.OnChannel(func(ch *amqp091.Channel) error {
		_, err := ch.QueueDelete(name, false, false, false)
		return err
	}))
}
