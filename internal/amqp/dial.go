package amqp

import (
	"context"
	"fmt"
	"net"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

const (
	// heartbeat is short, so that a dead host is noticed within two of it.
	heartbeat = 5 * time.Second
	// handshakeTimeout bounds dialling and the AMQP handshake, each.
	handshakeTimeout = 10 * time.Second
	// hangUpTimeout is how long a goodbye may take.
	hangUpTimeout = 2 * time.Second
)

// dial opens a connection that the broker lists under name.
func dial(ctx context.Context, url, name string) (*amqp091.Connection, error) {
	properties := amqp091.NewConnectionProperties()
	properties.SetClientConnectionName(name)
	c, err := amqp091.DialConfig(url, amqp091.Config{
		Heartbeat:  heartbeat,
		Locale:     "en_US",
		Properties: properties,
		Dial: func(network, addr string) (net.Conn, error) {
			d := net.Dialer{Timeout: handshakeTimeout}
			conn, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			// The library lifts this deadline once the connection is open.
			return conn, conn.SetDeadline(time.Now().Add(handshakeTimeout))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	return c, nil
}

// hangUp closes c, politely if the broker answers in time. It may be called
// more than once.
func hangUp(c *amqp091.Connection) {
	_ = c.CloseDeadline(time.Now().Add(hangUpTimeout)) // closed already, or dead: gone either way
}
