package scan

import (
	"context"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/control"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/topology"
)

const (
	// EndTimeout is how long End waits and collects by default.
	EndTimeout = time.Second
	// WindowTimeout is how long WindowStart waits by default.
	WindowTimeout = 30 * time.Second
)

// End returns the offset of the stream's last message; ok is false if the broker
// delivers none within wait: then the stream is empty, or the broker slow. After the
// first message it collects the rest of the stream's last chunk, the messages that
// were stored together, for as long as collect: a busy stream has more behind it.
func End(ctx context.Context, c *conn.Conn, stream string, wait, collect time.Duration) (offset uint64, ok bool, err error) {
	err = c.WithChannel(func(ch *amqp091.Channel) error {
		deliveries, err := consume(c, ch, stream, 1<<16-1, "last")
		if err != nil {
			return err
		}
		timer := time.After(wait)
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-timer:
				return nil
			case d, open := <-deliveries:
				if !open {
					return amqp091.ErrClosed
				}
				n, is := d.Headers[frame.OffsetHeader].(int64)
				if !is {
					continue
				}
				if !ok {
					timer = time.After(collect)
				}
				offset, ok = uint64(n), true //nolint:gosec // never negative
			}
		}
	})
	if err != nil {
		return 0, false, fmt.Errorf("look at the end of stream %s: %w", stream, err)
	}
	return offset, ok, nil
}

// WindowStart returns the offset of the first message that the broker delivers if
// asked for those of the last window. w has sent a marker, so there will be one.
func WindowStart(ctx context.Context, c *conn.Conn, w *control.Writer, stream string, window, timeout time.Duration) (offset uint64, err error) {
	err = c.WithChannel(func(ch *amqp091.Channel) error {
		deliveries, err := consume(c, ch, stream, 1, topology.Age(window))
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.Done():
			return w.Err()
		case <-time.After(timeout):
			return control.ErrNotConfirmed
		case d, open := <-deliveries:
			n, is := d.Headers[frame.OffsetHeader].(int64)
			switch {
			case !open:
				return amqp091.ErrClosed
			case !is:
				return ErrNoOffset
			}
			offset = uint64(n) //nolint:gosec // never negative
			return nil
		}
	})
	return offset, conn.Wrap("look for the start of the window in stream "+stream, err)
}

// consume begins to read a stream on a channel.
func consume(c *conn.Conn, ch *amqp091.Channel, stream string, prefetch int, begin any) (deliveries <-chan amqp091.Delivery, err error) {
	err = c.Do(func() error {
		if err := ch.Qos(prefetch, 0, false); err != nil {
			return err
		}
		deliveries, err = ch.Consume(stream, "", false, false, false, false, amqp091.Table{frame.OffsetHeader: begin})
		return err
	})
	return deliveries, err
}
