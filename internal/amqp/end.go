package amqp

import (
	"context"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// streamEnd returns the offset of the stream's last message; ok is false where
// the broker shows none. It reads the stream's last chunk, as many messages as
// were stored together, on a channel of its own.
func streamEnd(ctx context.Context, c *connection, stream string) (offset uint64, ok bool, err error) {
	err = withChannel(c, func(ch *amqp091.Channel) error {
		deliveries, err := consume(c, ch, stream, 1<<16-1, "last")
		if err != nil {
			return err
		}
		enough := time.After(c.limits.End)
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-enough:
				return nil
			case d, open := <-deliveries:
				if !open {
					return amqp091.ErrClosed
				}
				if n, is := d.Headers[streamOffset].(int64); is {
					offset, ok = uint64(n), true //nolint:gosec // never negative
				}
			}
		}
	})
	if err != nil {
		return 0, false, fmt.Errorf("look at the end of stream %s: %w", stream, err)
	}
	return offset, ok, nil
}

// windowStart returns the offset of the first message that the broker gives who
// asks for those of the last while: a marker has been sent, so there is one, or
// comes one.
func windowStart(ctx context.Context, c *connection, m *markers, window time.Duration) (offset uint64, err error) {
	err = withChannel(c, func(ch *amqp091.Channel) error {
		deliveries, err := consume(c, ch, m.queue, 1, streamAge(window))
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-m.closed:
			return m.fault(err)
		case <-time.After(c.limits.Window):
			return errNotTaken
		case d, open := <-deliveries:
			n, is := d.Headers[streamOffset].(int64)
			if open && !is {
				return errNoOffset
			}
			if !open {
				return amqp091.ErrClosed
			}
			offset = uint64(n) //nolint:gosec // never negative
			return nil
		}
	})
	return offset, wrap("look for the start of the window in stream "+m.queue, err)
}

// consume begins to read a stream on a channel, with so many messages in flight.
func consume(c *connection, ch *amqp091.Channel, stream string, prefetch int, begin any) (deliveries <-chan amqp091.Delivery, err error) {
	err = c.inTime(func() error {
		if err := ch.Qos(prefetch, 0, false); err != nil {
			return err
		}
		deliveries, err = ch.Consume(stream, "", false, false, false, false, amqp091.Table{streamOffset: begin})
		return err
	})
	return deliveries, err
}
