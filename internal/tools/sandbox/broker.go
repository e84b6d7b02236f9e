package sandbox

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

// republishAfter is how long a Broker waits before it tries again.
const republishAfter = time.Second

// Broker publishes to a RabbitMQ as Peatio does. What was not confirmed it
// publishes again with the same message_id, for as long as it takes. It is for one
// goroutine.
type Broker struct {
	url       string
	exchanges amqp.Exchanges
	log       *slog.Logger
	publisher *amqp.Publisher // nil while there is no connection
}

// NewBroker returns a Broker for the RabbitMQ at url. Close it when done.
func NewBroker(url string, e amqp.Exchanges, log *slog.Logger) *Broker {
	return &Broker{url: url, exchanges: e, log: log}
}

// Publish returns when the broker has confirmed d, or the error of ctx.
func (b *Broker) Publish(ctx context.Context, d event.Delivery) error {
	id := rand.Text()
	for tries := 1; ; tries++ {
		err := b.try(ctx, d, id)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if tries == 2 { // at a start the stream need not be bound yet
			b.log.WarnContext(ctx, "an event could not be published; trying again until it is", "error", err)
		}
		b.Close()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(republishAfter):
		}
	}
}

func (b *Broker) try(ctx context.Context, d event.Delivery, id string) error {
	if b.publisher == nil {
		p, err := amqp.NewPublisher(ctx, b.url, b.exchanges)
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

// Close ends the connection.
func (b *Broker) Close() {
	if b.publisher != nil {
		b.publisher.Close()
		b.publisher = nil
	}
}
