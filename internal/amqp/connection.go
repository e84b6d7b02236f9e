package amqp

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// errUnanswered ends a connection whose broker sends heartbeats, else the library
// had ended it, and does not answer.
var errUnanswered = errors.New("the broker did not answer in time")

// connection is one to the broker, on which no call waits for ever. The library's
// calls have no deadline: they wait for as long as heartbeats come, and those come
// also from a node that waits for others of its cluster, or for its disk.
type connection struct {
	*amqp091.Connection
	socket     io.Closer   // what is under it, and under TLS; fixed at construction
	in         *intake     // what holds it up, or nil; fixed at construction
	limits     limits      // with defaults; fixed at construction
	unanswered atomic.Bool // it was ended for an answer that did not come in time
}

// inTime returns what f does, which calls and waits for the broker's answers
// alone. Where they do not come in time it ends the connection, so that f returns.
// While they are held up by a reader that is behind, the broker is not to blame.
func (c *connection) inTime(f func() error) error {
	done, watched, late := make(chan struct{}), make(chan struct{}), false
	go func() {
		defer close(watched)
		for begin := time.Now(); !late; begin = time.Now() {
			select {
			case <-done:
				return
			case <-time.After(c.limits.Answer):
				late = c.in == nil || !c.in.heldUp(begin)
			}
		}
		c.unanswered.Store(true)
		_ = c.socket.Close() // gone either way
	}()
	err := f()
	close(done)
	if <-watched; late {
		return errUnanswered
	}
	return err
}

// onChannel runs f, which calls and waits for the broker's answers alone, on a
// channel of its own, since a refusal closes the channel.
func onChannel(c *connection, f func(*amqp091.Channel) error) error {
	return withChannel(c, func(ch *amqp091.Channel) error {
		return c.inTime(func() error { return f(ch) })
	})
}

// withChannel is onChannel for an f that waits for other things too: it has to
// put its calls into inTime itself.
func withChannel(c *connection, f func(*amqp091.Channel) error) error {
	var ch *amqp091.Channel
	err := c.inTime(func() (err error) {
		ch, err = c.Channel()
		return err
	})
	if err != nil {
		return err
	}
	err = f(ch)
	closing := c.inTime(ch.Close) // closed by the refusal, or with the connection
	if err == nil && errors.Is(closing, errUnanswered) {
		return closing
	}
	return err
}

// hangUp closes c, politely if the broker answers in time. It may be called
// more than once.
func hangUp(c *connection) {
	enough := time.AfterFunc(c.limits.Goodbye, func() { _ = c.socket.Close() })
	defer enough.Stop()
	_ = c.Close() // closed already, or dead: gone either way
}
