package scan

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/topology"
	"ranger/internal/journal"
)

// walker is a call of walk.
type walker struct {
	prober Prober
	cfg    topology.Config
	limits timeouts
	since  time.Duration
	visit  func(Stored) bool

	left     span
	begin    any
	prefetch int
}

// end returns the offset of the stream's last message.
func (w *walker) end(ctx context.Context) (uint64, error) {
	c, err := w.prober.Dial(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	end, ok, err := End(ctx, c, w.cfg.Stream, w.limits.Next, w.limits.End)
	switch {
	case conn.IsCode(err, amqp091.NotFound):
		return 0, conn.WithAdvice(err, adviceNoStream)
	case err != nil:
		return 0, err
	case !ok:
		return 0, fmt.Errorf("%w: no message of stream %s came within %v, or it has none", conn.ErrTimeout, w.cfg.Stream, w.limits.Next)
	}
	return end, nil
}

// read visits what is left over one connection.
func (w *walker) read(ctx context.Context) error {
	c, err := w.prober.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.WithChannel(func(ch *amqp091.Channel) error {
		closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
		deliveries, err := consume(c, ch, w.cfg.Stream, w.prefetch, w.begin)
		if err != nil {
			return err
		}
		err = w.left.visit(ctx, deliveries, w.cfg.Exchanges, w.limits.Next, w.visit)
		if errors.Is(err, amqp091.ErrClosed) {
			if why := <-closed; why != nil {
				err = why
			}
		}
		return err
	})
}

// pass visits the entries at which the broker ended the connection, and reports whether
// more is left after them.
func (w *walker) pass(ctx context.Context) (more bool, err error) {
	if _, isOffset := w.begin.(int64); !isOffset && w.left.mayBeEmpty {
		w.left.from, err = w.prober.Oldest(ctx, w.since)
		w.begin = int64(w.left.from) //nolint:gosec // RabbitMQ counts in int64
		return err == nil, err
	}
	next, err := w.prober.Next(ctx, w.left.from)
	if err != nil && !errors.Is(err, errNoMessage) {
		return false, err
	}
	if next == w.left.from && w.prefetch == 1 {
		return false, fmt.Errorf("the broker ended the connection again and again at offset %d of stream %s, but delivers it: %w", next, w.cfg.Stream, err)
	}
	w.prefetch = prefetch
	if next == w.left.from { // what arrives just before the end of a connection may be lost with it
		w.prefetch = 1
	}
	for ; w.left.from < next; w.left.from++ {
		if !w.visit(Stored{Position: journal.Position{Offset: w.left.from}, Undeliverable: true}) {
			return false, nil
		}
	}
	w.begin, w.left.mayBeEmpty = int64(next), false //nolint:gosec // RabbitMQ counts in int64
	return err == nil && next <= w.left.end, nil
}
