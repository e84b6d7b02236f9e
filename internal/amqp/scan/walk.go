// Package scan reads the stream beside the node that follows it: its messages, its
// end, and where a node's window begins.
package scan

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/control"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// ErrNoOffset means that a message came without an offset.
var ErrNoOffset = errors.New("a message came without an offset: the queue is not a stream")

const (
	// prefetch is how many messages Walk has in flight.
	prefetch = 2000
	// nextTimeout is how long Walk waits for the next message.
	nextTimeout = 10 * time.Second

	adviceNoStream = "there is no stream with this name: check AMQP_STREAM; `ranger serve` declares it, unless AMQP_SOURCE=queue"
)

// Stored is one message in the stream.
type Stored struct {
	event.Delivery
	journal.Position

	Exchange, RoutingKey, Type, MessageID string
}

// Record returns the type of the record that a node wrote for other nodes, or the
// empty string for a publisher's message.
func (s *Stored) Record() string { return control.RecordType(s.Exchange, s.Type) }

// Walk calls visit for the messages of cfg's stream in order, up to the message
// that is the last when it begins, or until visit returns false. It begins at the
// offset from, or if since is not 0, with messages somewhat older than since; if
// there are none, it visits none. It returns an error if the broker delivers less. It
// changes nothing at the broker.
func Walk(ctx context.Context, url string, cfg topology.Config, from uint64, since time.Duration, visit func(Stored) bool) error {
	return conn.Advised(walk(ctx, url, cfg.WithDefaults(), from, since, timeouts{End: EndTimeout, Next: nextTimeout}, visit))
}

// timeouts bounds how long walk waits for the broker: for answers, for the rest of the
// stream's last chunk, and for any other message.
type timeouts struct {
	Conn      conn.Timeouts
	End, Next time.Duration
}

func walk(ctx context.Context, url string, cfg topology.Config, from uint64, since time.Duration, limits timeouts, visit func(Stored) bool) error {
	c, err := conn.Dial(ctx, url, conn.Options{Name: "ranger inspect", Timeouts: limits.Conn})
	if err != nil {
		return err
	}
	defer c.Close()
	end, ok, err := End(ctx, c, cfg.Stream, limits.Next, limits.End)
	switch {
	case conn.IsCode(err, amqp091.NotFound):
		return conn.WithAdvice(err, adviceNoStream)
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("%w: no message of stream %s came within %v, or it has none", conn.ErrTimeout, cfg.Stream, limits.Next)
	case since == 0 && from > end:
		return fmt.Errorf("offset %d is beyond the end of stream %s, %d", from, cfg.Stream, end)
	}
	var begin any = int64(from) //nolint:gosec // not beyond the end
	if since > 0 {
		begin = topology.Age(since)
	}
	return c.WithChannel(func(ch *amqp091.Channel) error {
		closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
		deliveries, err := consume(c, ch, cfg.Stream, prefetch, begin)
		if err != nil {
			return err
		}
		span := span{from: from, end: end, mayBeEmpty: since > 0} // no message may be as young
		err = span.visit(ctx, deliveries, cfg.Exchanges, limits.Next, visit)
		if errors.Is(err, amqp091.ErrClosed) {
			if why := <-closed; why != nil {
				err = why
			}
		}
		return err
	})
}

// span is a part of a stream.
type span struct {
	from, end  uint64 // offsets, both included
	mayBeEmpty bool   // it may contain no message
}

// visit visits the deliveries of the span. It returns an error if none comes within
// timeout, unless the span may be empty.
func (s span) visit(ctx context.Context, deliveries <-chan amqp091.Delivery, exchanges topology.Exchanges, timeout time.Duration, visit func(Stored) bool) error {
	for next := s.from; ; { // the offset after the last delivery
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(timeout):
			if s.mayBeEmpty {
				return nil
			}
			return fmt.Errorf("%w: no message came within %v from offset %d on; the stream ends at %d", conn.ErrTimeout, timeout, next, s.end)
		case d, open := <-deliveries:
			if !open {
				return amqp091.ErrClosed
			}
			m, err := stored(&d, exchanges)
			if err != nil {
				return err
			}
			wanted := m.Offset >= s.from // delivery begins with the chunk that contains from
			if m.Offset > s.end || wanted && !visit(m) || m.Offset == s.end {
				return nil
			}
			next, s.mayBeEmpty = m.Offset+1, false
			if err := d.Ack(false); err != nil {
				return fmt.Errorf("acknowledge: %w", err)
			}
		}
	}
}

func stored(d *amqp091.Delivery, exchanges topology.Exchanges) (Stored, error) {
	offset, ok := d.Headers[frame.OffsetHeader].(int64)
	if !ok {
		return Stored{}, ErrNoOffset
	}
	delete(d.Headers, frame.OffsetHeader)
	return Stored{
		Delivery:   event.Delivery{Kind: exchanges.Kind([]byte(d.Exchange)), Headers: d.Headers, Body: d.Body},
		Position:   journal.Position{Offset: uint64(offset), Check: event.Check(d.Body)}, //nolint:gosec // never negative
		Exchange:   d.Exchange,
		RoutingKey: d.RoutingKey,
		Type:       d.Type,
		MessageID:  d.MessageId,
	}, nil
}
