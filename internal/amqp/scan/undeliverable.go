package scan

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/topology"
)

// errNoMessage means that no message came in time, although there should be one.
var errNoMessage = errors.New("no message came, although there is one")

// Prober looks for messages around entries of a stream that the broker cannot deliver,
// because a client of another of its protocols has published them: it ends the connection
// each time that one of them is due. Each probe is a connection of its own.
type Prober struct {
	// Dial opens a connection. The Prober closes it.
	Dial   func(context.Context) (*conn.Conn, error)
	Stream string
	// Timeout is how long a probe waits for a message; there must be one after each
	// offset that is probed.
	Timeout time.Duration
}

// Next returns the first offset, from the given one on, from which the broker delivers
// messages. If it is beyond from, the broker failed at each offset before it, and once
// more at from afterwards. An error means that something else is wrong; with errNoMessage
// the broker failed at each offset before the returned one, and there is none after them.
func (p *Prober) Next(ctx context.Context, from uint64) (uint64, error) {
	for at := from; ; at++ {
		_, err := p.first(ctx, int64(at)) //nolint:gosec // RabbitMQ counts in int64
		if err == nil && at > from {
			if _, err = p.first(ctx, int64(from)); conn.IsCrash(err) { //nolint:gosec // as above
				return at, nil
			}
		}
		if err == nil { // what was wrong with from is over
			return from, nil
		}
		if !conn.IsCrash(err) {
			return at, fmt.Errorf("look for a message of stream %s at offset %d or later: %w", p.Stream, from, err)
		}
	}
}

// Oldest returns an offset from which the broker delivers messages, among them those of
// the last age. If it cannot deliver the entry at which they begin, the offset is that of
// an older message.
func (p *Prober) Oldest(ctx context.Context, age time.Duration) (uint64, error) {
	for older := time.Minute; older <= 100*time.Minute; older *= 10 {
		offset, err := p.first(ctx, topology.Age(age+older))
		if !conn.IsCrash(err) {
			return offset, conn.Wrap("look for an old message of stream "+p.Stream, err)
		}
	}
	offset, err := p.bisect(ctx)
	return offset, conn.Wrap("look for the first message of stream "+p.Stream, err)
}

// bisect returns an offset from which the broker delivers messages, and 0 or one before
// which it fails: the offset after the stream's first entry if that is the only one at
// which it does.
func (p *Prober) bisect(ctx context.Context) (uint64, error) {
	low, high := uint64(0), uint64(0)
	_, err := p.first(ctx, int64(0)) // the first entry that the stream still has
	for conn.IsCrash(err) {
		low, high = high, max(1, 2*high)
		_, err = p.first(ctx, int64(high))
	}
	for err == nil && low+1 < high {
		middle := low + (high-low)/2
		switch _, err = p.first(ctx, int64(middle)); {
		case err == nil:
			high = middle
		case conn.IsCrash(err):
			low, err = middle, nil
		}
	}
	return high, err
}

// first returns the offset of the first message that the broker delivers if asked to
// begin there.
func (p *Prober) first(ctx context.Context, begin any) (offset uint64, err error) {
	c, err := p.Dial(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	crashed := c.NotifyClose(make(chan *amqp091.Error, 1))
	err = c.WithChannel(func(ch *amqp091.Channel) error {
		offset, err = p.read(ctx, c, ch, begin)
		return err
	})
	select {
	case e := <-crashed: // rather than what this did to a request
		if e != nil && err != nil {
			err = e
		}
	default:
	}
	return offset, err
}

func (p *Prober) read(ctx context.Context, c *conn.Conn, ch *amqp091.Channel, begin any) (uint64, error) {
	deliveries, err := consume(c, ch, p.Stream, 1, begin)
	if err != nil {
		return 0, err
	}
	timeout := time.NewTimer(p.Timeout)
	defer timeout.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-timeout.C:
			return 0, errNoMessage
		case d, open := <-deliveries:
			if !open {
				return 0, amqp091.ErrClosed
			}
			offset, ok := d.Headers[frame.OffsetHeader].(int64)
			if !ok {
				return 0, ErrNoOffset
			}
			if from, exact := begin.(int64); exact && offset < from { // delivery may begin with the chunk
				if err := d.Ack(false); err != nil {
					return 0, err
				}
				continue
			}
			return uint64(offset), nil //nolint:gosec // never negative
		}
	}
}
