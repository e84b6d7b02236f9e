package amqp

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// streamOffset is the argument that says where to begin, and the header that says
// where a message stands (RabbitMQ, "Streams").
const streamOffset = "x-stream-offset"

// reader reads the stream over one connection.
type reader struct {
	src     *Source          // fixed at construction
	markers *markers         // fixed at construction
	again   bool             // a message read before has to come first; fixed at construction
	want    journal.Position // that message; fixed at construction
	read    atomic.Uint64    // messages read over this connection

	// Owned by the goroutine that reads.
	wanted  bool   // want has not come yet
	last    uint64 // offset of the last message read, also before; 0 at first
	unacked int
	acked   time.Time // when the broker was told last how far we are

	// Fixed once consume has returned.
	ch        *amqp091.Channel
	closed    <-chan *amqp091.Error
	cancelled <-chan string
}

// read reads over c until a connection ends, with a lookout beside it, whose
// markers go over another one.
func (s *Source) read(ctx context.Context, c, other *amqp091.Connection, t *topology) error {
	markers, err := newMarkers(other, s.cfg.Stream, s.cfg.Node)
	if err != nil {
		return fmt.Errorf("open a channel for markers: %w", err)
	}
	r := &reader{src: s, markers: markers}
	r.want, r.again = s.journal.Last()
	r.wanted, r.last = r.again, r.want.Offset
	deliveries, err := r.consume(c)
	if err != nil {
		return err
	}
	s.setState(Reading, nil)
	s.log.InfoContext(ctx, "reading the stream", "stream", s.cfg.Stream, "from", r.from())

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.loop(ctx, deliveries) })
	g.Go(func() error { return (&lookout{topology: t, reader: r}).run(ctx) })
	g.Go(func() error {
		// Both are stuck in the library until the connection goes.
		<-ctx.Done()
		hangUp(c)
		hangUp(other)
		return nil
	})
	return g.Wait()
}

// from returns the x-stream-offset to begin at: the last message read, itself
// included, or the start of the window.
func (r *reader) from() any {
	if r.again {
		return int64(r.want.Offset) //nolint:gosec // RabbitMQ counts in int64
	}
	return streamAge(r.src.cfg.Window)
}

func (r *reader) consume(c *amqp091.Connection) (<-chan amqp091.Delivery, error) {
	ch, err := c.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel to read: %w", err)
	}
	// Asked for before there is a consumer, so that none of its ends is missed.
	r.ch = ch
	r.closed = ch.NotifyClose(make(chan *amqp091.Error, 1))
	r.cancelled = ch.NotifyCancel(make(chan string, 1))
	if err := ch.Qos(r.src.cfg.Prefetch, 0, false); err != nil {
		return nil, fmt.Errorf("set AMQP_PREFETCH to %d: %w", r.src.cfg.Prefetch, err)
	}
	deliveries, err := ch.Consume(r.src.cfg.Stream, "", false, false, false, false,
		amqp091.Table{streamOffset: r.from()})
	if err != nil {
		return nil, fmt.Errorf("consume stream %s: %w", r.src.cfg.Stream, err)
	}
	return deliveries, nil
}

// loop takes messages until they end, and says why they did.
func (r *reader) loop(ctx context.Context, deliveries <-chan amqp091.Delivery) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d, ok := <-deliveries:
			if !ok {
				return r.ended()
			}
			if err := r.take(&d); err != nil {
				return err
			}
		}
	}
}

// ended says why deliveries ended. A cancelled consumer was told so before its
// last message; otherwise the channel is closing, and says why if it was not us.
func (r *reader) ended() error {
	select {
	case _, ok := <-r.cancelled:
		if ok {
			return errCancelled
		}
	default:
	}
	if err := <-r.closed; err != nil {
		return fmt.Errorf("the channel was closed: %w", err)
	}
	return amqp091.ErrClosed
}

// take deals with one message: it must be the one that was wanted, if one was;
// it goes to the journal; and the broker is told now and then how far we are,
// also on a quiet stream: it closes a channel that owes an acknowledgement for
// half an hour (RabbitMQ, consumer_timeout).
func (r *reader) take(d *amqp091.Delivery) error {
	offset, ok := d.Headers[streamOffset].(int64)
	if !ok {
		return errNoOffset
	}
	at := journal.Position{Offset: uint64(offset), Check: journal.Check(d.Body)} //nolint:gosec // never negative
	r.read.Add(1)
	if r.wanted && at.Offset >= r.want.Offset {
		if err := r.verify(at); err != nil {
			return err
		}
	}
	now := time.Now()
	r.src.keep(at, d, r.gap(at.Offset), now)
	if r.markers.see(d) && r.src.Status().State == Reading {
		r.src.setState(Following, nil)
		r.src.log.Info("caught up", "position", at, "read", r.read.Load())
	}
	r.unacked++
	if r.unacked >= max(1, r.src.cfg.Prefetch/8) || now.Sub(r.acked) >= r.src.cfg.LookEvery {
		r.unacked, r.acked = 0, now
		if err := r.ch.Ack(d.DeliveryTag, true); err != nil {
			return fmt.Errorf("acknowledge: %w", err)
		}
	}
	return nil
}

// verify compares the first message after a reconnect with the one wanted. One
// that stands behind it means that the wanted one is no longer in the stream.
func (r *reader) verify(at journal.Position) error {
	r.wanted = false
	if at.Offset == r.want.Offset && at != r.want {
		return errForeign
	}
	return nil
}

// housekeeping is how many offsets in a row may be the broker's own: it begins
// each segment of a stream with a record that is delivered to nobody, and clients
// of the stream protocol may keep their places in it (docs/adr/0007).
const housekeeping = 16

// gap tells whether messages before offset were dropped from the stream before
// they were read.
func (r *reader) gap(offset uint64) bool {
	last, first := r.last, r.read.Load() == 1
	r.last = max(last, offset)
	behind := first && r.again && offset > last // the wanted one did not come
	if first && !r.again || !behind && offset <= last+1+housekeeping {
		return false
	}
	r.src.log.Error("messages were dropped from the stream before they were read; set a longer AMQP_STREAM_MAX_AGE, or a higher AMQP_STREAM_MAX_BYTES",
		"stream", r.src.cfg.Stream, "after", last, "lost", offset-last-1)
	return true
}

// keep decodes d, which was read now, and appends it to the journal.
func (s *Source) keep(at journal.Position, d *amqp091.Delivery, gap bool, now time.Time) {
	var out event.Outcome
	if d.Exchange != "" || d.Type != markerType {
		out = event.Decode(event.Delivery{
			Kind:    s.cfg.Exchanges.kind(d.Exchange),
			Headers: d.Headers,
			Body:    d.Body,
		}, s.cfg.MaxBody, nil)
	}
	if !s.journal.Append(journal.Message{Position: at, Gap: gap, At: now.UnixMilli(), Events: out.Events}) {
		return // read before a reconnect
	}
	for i := range out.Events {
		s.metrics.Event(out.Events[i].Kind)
	}
	for _, reason := range out.Unrouted {
		s.metrics.Unrouted(reason)
		s.unrouted.report(at.Offset, d.Exchange, reason)
	}
}
