package sandbox

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"ranger/internal/amqp/publish"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
)

// republishPause is the pause before an event is published again.
const republishPause = time.Second

// BrokerPublisher publishes to RabbitMQ as Peatio does. It publishes an unconfirmed
// event again, with the same message_id, until it is confirmed. One goroutine uses it.
type BrokerPublisher struct {
	url       string
	exchanges topology.Exchanges
	log       *slog.Logger
	publisher *publish.Publisher // nil: not connected
}

// NewBrokerPublisher returns a publisher for the RabbitMQ at url. The caller closes it.
func NewBrokerPublisher(url string, e topology.Exchanges, log *slog.Logger) *BrokerPublisher {
	return &BrokerPublisher{url: url, exchanges: e, log: log}
}

// Publish returns when the broker has confirmed d, or with the error of ctx.
func (b *BrokerPublisher) Publish(ctx context.Context, d event.Delivery) error {
	id := rand.Text()
	for tries := 1; ; tries++ {
		err := b.try(ctx, d, id)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if tries == 2 { // the first try may come before the stream is bound
			b.log.WarnContext(ctx, "event not published yet", "error", err, "advice", "none: it is retried until the broker confirms it")
		}
		b.Close()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(republishPause):
		}
	}
}

func (b *BrokerPublisher) try(ctx context.Context, d event.Delivery, id string) error {
	if b.publisher == nil {
		p, err := publish.NewPublisher(ctx, b.url, b.exchanges)
		if err != nil {
			return err
		}
		b.publisher = p
	}
	receipt, err := b.publisher.Publish(ctx, d, id)
	if err != nil {
		return err
	}
	return receipt.Wait(ctx)
}

// Close closes the connection.
func (b *BrokerPublisher) Close() {
	if b.publisher != nil {
		b.publisher.Close()
		b.publisher = nil
	}
}
