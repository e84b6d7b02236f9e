package amqp

import (
	"context"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// Stored is one message as it stands in the stream.
type Stored struct {
	event.Delivery
	journal.Position

	Exchange, RoutingKey, Type, MessageID string
}

// Record says what a node wrote for other nodes; empty for what publishers sent.
func (s *Stored) Record() string {
	if d := (&delivery{exchange: []byte(s.Exchange), typ: []byte(s.Type)}); recorded(d, markerType) || recorded(d, gapType) {
		return s.Type
	}
	return ""
}

// Walk calls visit for the messages of cfg's stream, in order, up to the one
// that is the last when it begins, or until visit returns false. It begins at
// the offset from, where since is 0, else with what is not older than since, and
// somewhat before. It changes nothing at the broker. An empty stream has nothing
// to visit.
func Walk(ctx context.Context, cfg Config, from uint64, since time.Duration, visit func(Stored) bool) error {
	cfg = cfg.withDefaults()
	c, err := dial(ctx, cfg.URL, "ranger inspect", nil, cfg.limits)
	if err != nil {
		return advised(err)
	}
	defer hangUp(c)
	end, ok, err := streamEnd(ctx, c, cfg.Stream)
	if isCode(err, amqp091.NotFound) {
		err = &topologyError{err, "there is no stream of that name: check AMQP_STREAM; `ranger serve` makes it, but not with AMQP_SOURCE=queue"}
	}
	if err != nil || !ok {
		return advised(err)
	}
	if since == 0 && from > end {
		return fmt.Errorf("offset %d is not there yet: stream %s ends with %d", from, cfg.Stream, end)
	}
	var begin any = int64(from) //nolint:gosec // not beyond the end
	if since > 0 {
		begin = streamAge(since)
	}
	return advised(withChannel(c, func(ch *amqp091.Channel) error {
		return walk(ctx, c, ch, cfg, begin, from, end, visit)
	}))
}

// walkTimeout is how long the next message may take to come.
const walkTimeout = 10 * time.Second

func walk(ctx context.Context, c *connection, ch *amqp091.Channel, cfg Config, begin any, from, end uint64, visit func(Stored) bool) error {
	closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
	deliveries, err := consume(c, ch, cfg.Stream, cfg.Prefetch, begin)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(walkTimeout): // nothing is as young as that
			return nil
		case d, open := <-deliveries:
			if !open {
				if err := <-closed; err != nil {
					return err
				}
				return amqp091.ErrClosed
			}
			s, err := cfg.stored(&d)
			if err != nil {
				return err
			}
			wanted := s.Offset >= from // delivery begins with the chunk that holds it
			if s.Offset > end || wanted && !visit(s) || s.Offset == end {
				return nil
			}
			if err := d.Ack(false); err != nil {
				return fmt.Errorf("acknowledge: %w", err)
			}
		}
	}
}

func (c Config) stored(d *amqp091.Delivery) (Stored, error) {
	offset, ok := d.Headers[streamOffset].(int64)
	if !ok {
		return Stored{}, errNoOffset
	}
	delete(d.Headers, streamOffset)
	return Stored{
		Delivery:   event.Delivery{Kind: c.Exchanges.kind(d.Exchange), Headers: d.Headers, Body: d.Body},
		Position:   journal.Position{Offset: uint64(offset), Check: journal.Check(d.Body)}, //nolint:gosec // never negative
		Exchange:   d.Exchange,
		RoutingKey: d.RoutingKey,
		Type:       d.Type,
		MessageID:  d.MessageId,
	}, nil
}
