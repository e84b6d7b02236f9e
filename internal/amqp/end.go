package amqp

import (
	"context"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// endPause is how long nothing has to come for the end to be taken as read.
const endPause = time.Second

// streamEnd returns the offset of the stream's last message; ok is false where
// the broker shows none. It reads the stream's last chunk, as many messages as
// were stored together, on a channel of its own.
func streamEnd(ctx context.Context, c *amqp091.Connection, stream string) (offset uint64, ok bool, err error) {
	err = onChannel(c, func(ch *amqp091.Channel) error {
		if err := ch.Qos(1<<16-1, 0, false); err != nil {
			return err
		}
		deliveries, err := ch.Consume(stream, "", false, false, false, false, amqp091.Table{streamOffset: "last"})
		if err != nil {
			return err
		}
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(endPause):
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
