// Package publish sends Orders and Trades to RabbitMQ as Peatio does, with
// confirms.
package publish

import (
	"errors"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
)

var (
	// ErrUnroutable means that the broker took a message that no queue is bound for.
	ErrUnroutable = errors.New("no queue is bound to the exchange: start `ranger serve` first")
	// ErrNacked means that the broker refused a message (basic.nack).
	ErrNacked = errors.New("the broker refused the message")
)

// openChannel declares missing exchanges, and returns a channel in confirm mode.
func openChannel(c *conn.Conn, e topology.Exchanges) (*amqp091.Channel, error) {
	for _, x := range e.All() {
		if _, err := x.Ensure(c, e.Durable); err != nil {
			return nil, err
		}
	}
	ch, err := c.Confirming()
	return ch, conn.Wrap("open a channel with confirms", err)
}

// publishing returns d as Peatio publishes it to x.
func publishing(x topology.Exchange, d event.Delivery) amqp091.Publishing {
	msg := amqp091.Publishing{
		ContentType:  "application/octet-stream", // the default of Bunny, Peatio's client
		DeliveryMode: amqp091.Transient,
		Headers:      d.Headers,
		Body:         d.Body,
	}
	if x.Persistent {
		msg.DeliveryMode = amqp091.Persistent
	}
	return msg
}
