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

	// Undeliverable reports that the broker cannot deliver the entry. Nothing is known
	// about it but its offset.
	Undeliverable bool
}

// Record returns the type of the record that a node wrote for other nodes, or the
// empty string for a publisher's message.
func (s *Stored) Record() string { return control.RecordType(s.Exchange, s.Type) }

// Walk calls visit for the messages of cfg's stream in order, up to the message
// that is the last when it begins, or until visit returns false. It begins at the
// offset from, or if since is not 0, with messages somewhat older than since; if
// there are none, it visits none. Entries that the broker cannot deliver are visited,
// too. It returns an error if the broker delivers less. It changes nothing at the broker.
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
	w := walker{cfg: cfg, limits: limits, since: since, visit: visit}
	w.prober = Prober{Stream: cfg.Stream, Timeout: limits.Next, Dial: func(ctx context.Context) (*conn.Conn, error) {
		return conn.Dial(ctx, url, conn.Options{Name: "ranger inspect", Timeouts: limits.Conn})
	}}
	end, err := w.end(ctx)
	switch {
	case err != nil:
		return err
	case since == 0 && from > end:
		return fmt.Errorf("offset %d is beyond the end of stream %s, %d", from, cfg.Stream, end)
	}
	w.left = span{from: from, end: end, mayBeEmpty: since > 0} // no message may be as young
	w.begin, w.prefetch = int64(from), prefetch                //nolint:gosec // not beyond the end
	if since > 0 {
		w.begin = topology.Age(since)
	}
	for {
		err := w.read(ctx)
		if !conn.IsCrash(err) {
			return err
		}
		if more, err := w.pass(ctx); err != nil || !more {
			return err
		}
	}
}

// span is a part of a stream.
type span struct {
	from, end  uint64 // offsets, both included; visit advances from
	mayBeEmpty bool   // it may contain no message
}

// visit visits the deliveries of the span. It returns an error if none comes within
// timeout, unless the span may be empty.
func (s *span) visit(ctx context.Context, deliveries <-chan amqp091.Delivery, exchanges topology.Exchanges, timeout time.Duration, visit func(Stored) bool) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(timeout):
			if s.mayBeEmpty {
				return nil
			}
			return fmt.Errorf("%w: no message came within %v from offset %d on; the stream ends at %d", conn.ErrTimeout, timeout, s.from, s.end)
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
			s.from, s.mayBeEmpty = max(s.from, m.Offset+1), false
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
