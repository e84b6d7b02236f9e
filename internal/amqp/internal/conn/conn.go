// Package conn opens connections to RabbitMQ on which no call waits forever, and
// says what an operator can do about one that fails.
package conn

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// ErrTimeout ends a connection whose broker sends heartbeats but does not answer a
// request. Without heartbeats the library ends the connection by itself.
var ErrTimeout = errors.New("the broker did not answer in time")

// Conn is a connection to the broker. The library's requests have no deadline:
// they wait as long as heartbeats come, and a node that waits for its cluster or
// for its disk still sends those. Its methods are safe for concurrent use.
type Conn struct {
	*amqp091.Connection
	address  string                     // IP:port; fixed at construction
	socket   io.Closer                  // below the library and TLS; fixed at construction
	behind   func(since time.Time) bool // see Options; fixed at construction
	timeouts Timeouts                   // fixed at construction
	timedOut atomic.Bool                // a request was not answered in time
}

// Do runs f, which may only make requests of c and wait for their answers. If f
// takes longer than Timeouts.Answer, Do closes the connection, so that f returns,
// and returns ErrTimeout.
func (c *Conn) Do(f func() error) error {
	done, watched, late := make(chan struct{}), make(chan struct{}), false
	go func() {
		defer close(watched)
		for begin := time.Now(); !late; begin = time.Now() {
			select {
			case <-done:
				return
			case <-time.After(c.timeouts.Answer):
				late = c.behind == nil || !c.behind(begin)
			}
		}
		c.timedOut.Store(true)
		_ = c.socket.Close() // gone either way
	}()
	err := f()
	close(done)
	if <-watched; late {
		return ErrTimeout
	}
	return err
}

// Address returns the address of the broker's host, IP:port.
func (c *Conn) Address() string { return c.address }

// TimedOut reports whether Do has closed the connection.
func (c *Conn) TimedOut() bool { return c.timedOut.Load() }

// OnChannel runs f as Do does, on a new channel, because a refusal closes the
// channel.
func (c *Conn) OnChannel(f func(*amqp091.Channel) error) error {
	return c.WithChannel(func(ch *amqp091.Channel) error {
		return c.Do(func() error { return f(ch) })
	})
}

// WithChannel runs f on a new channel. f may wait for other things than answers of
// the broker; it makes its requests through Do.
func (c *Conn) WithChannel(f func(*amqp091.Channel) error) error {
	var ch *amqp091.Channel
	err := c.Do(func() (err error) {
		ch, err = c.Channel()
		return err
	})
	if err != nil {
		return err
	}
	err = f(ch)
	closing := c.Do(ch.Close) // closed by the refusal, or with the connection
	if err == nil && errors.Is(closing, ErrTimeout) {
		return closing
	}
	return err
}

// Confirming returns a new channel in confirm mode.
func (c *Conn) Confirming() (ch *amqp091.Channel, err error) {
	err = c.Do(func() error {
		if ch, err = c.Channel(); err != nil {
			return err
		}
		return ch.Confirm(false)
	})
	return ch, err
}

// Close closes c gracefully, or after Timeouts.Close without an answer. It may be
// called more than once.
func (c *Conn) Close() {
	timer := time.AfterFunc(c.timeouts.Close, func() { _ = c.socket.Close() })
	defer timer.Stop()
	_ = c.Connection.Close() // closed already, or dead: gone either way
}
