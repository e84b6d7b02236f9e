package amqp

import (
	"context"
	"errors"
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

// errURL stands for the parser's own words, which quote the password.
var errURL = errors.New("the broker's URL is not an AMQP URI")

// dial opens a connection that the broker lists under name. The end of ctx ends
// it at any point; afterwards ctx is of no more use to the connection.
func dial(ctx context.Context, url, name string) (*amqp091.Connection, error) {
	if _, err := amqp091.ParseURI(url); err != nil {
		return nil, &topologyError{errURL, badURL}
	}
	var conn net.Conn
	release := func() bool { return true }
	properties := amqp091.NewConnectionProperties()
	properties.SetClientConnectionName(name)
	c, err := amqp091.DialConfig(url, amqp091.Config{
		Heartbeat:  heartbeat,
		Locale:     "en_US",
		Properties: properties,
		Dial: func(network, addr string) (net.Conn, error) {
			d := net.Dialer{Timeout: handshakeTimeout}
			var err error
			if conn, err = d.DialContext(ctx, network, addr); err != nil {
				return nil, err
			}
			release = context.AfterFunc(ctx, func() { _ = conn.Close() })
			// The library lifts this deadline once the connection is open.
			return conn, conn.SetDeadline(time.Now().Add(handshakeTimeout))
		},
	})
	release()
	if err != nil {
		if conn != nil {
			_ = conn.Close() // the library leaves it open where the two sides disagree
		}
		err = fmt.Errorf("connect to the broker: %w", err)
		if advice(err) == "" {
			err = &topologyError{err, unreachable}
		}
		return nil, err
	}
	return c, nil
}

// hangUp closes c, politely if the broker answers in time. It may be called
// more than once.
func hangUp(c *amqp091.Connection) {
	_ = c.CloseDeadline(time.Now().Add(hangUpTimeout)) // closed already, or dead: gone either way
}
