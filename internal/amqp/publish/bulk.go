package publish

import (
	"context"
	"fmt"
	"net"
	"sync"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
)

// bulkInFlight is how many messages may be unconfirmed.
const bulkInFlight = 4000

// Bulk publishes as fast as the broker confirms, at the lowest cost: it counts
// confirms instead of matching them, and writes many messages at once. Its methods
// are safe for concurrent use.
type Bulk struct {
	conn      *conn.Conn
	ch        *amqp091.Channel
	exchanges topology.Exchanges
	counting  sync.WaitGroup // the goroutine that takes confirms and returns

	mu        sync.Mutex
	change    sync.Cond // on mu: confirmed or err has changed
	waiting   int       // guarded by mu: goroutines that wait on change
	sent      uint64    // guarded by mu
	confirmed uint64    // guarded by mu
	err       error     // guarded by mu: the first error, which stays
}

// NewBulk connects to the broker at url and declares missing exchanges. Close it
// when done.
func NewBulk(ctx context.Context, url string, exchanges topology.Exchanges) (*Bulk, error) {
	return newBulk(ctx, url, exchanges, conn.Timeouts{})
}

func newBulk(ctx context.Context, url string, exchanges topology.Exchanges, timeouts conn.Timeouts) (*Bulk, error) {
	c, err := conn.Dial(ctx, url, conn.Options{
		Name:     "ranger bench",
		Wrap:     func(c net.Conn) net.Conn { return newCoalescer(c) },
		Timeouts: timeouts,
	})
	if err != nil {
		return nil, conn.Advised(err)
	}
	b := &Bulk{conn: c, exchanges: exchanges.WithDefaults()}
	b.change.L = &b.mu
	if b.ch, err = openChannel(c, b.exchanges); err != nil {
		c.Close()
		return nil, conn.Advised(err)
	}
	closed := b.ch.NotifyClose(make(chan *amqp091.Error, 1))
	confirms := b.ch.NotifyPublish(make(chan amqp091.Confirmation, bulkInFlight))
	returns := b.ch.NotifyReturn(make(chan amqp091.Return))
	b.counting.Go(func() { b.take(confirms, returns, closed) })
	return b, nil
}

// take counts confirms until the channel ends. The broker sends a return before the
// confirm of the same message, and the library waits until it is received: when a
// confirm is counted, the error of its message is set.
func (b *Bulk) take(confirms <-chan amqp091.Confirmation, returns <-chan amqp091.Return, closed <-chan *amqp091.Error) {
	for {
		select {
		case _, ok := <-returns:
			if ok {
				b.fail(ErrUnroutable)
			} else {
				returns = nil
			}
		case c, ok := <-confirms:
			if ok {
				b.count(c.Ack)
				continue
			}
			err := error(amqp091.ErrClosed)
			if e := <-closed; e != nil {
				err = e
			}
			b.fail(conn.Advised(fmt.Errorf("publish: %w", err)))
			return
		}
	}
}

// count counts a confirm.
func (b *Bulk) count(ack bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.confirmed++
	if !ack && b.err == nil {
		b.err = ErrNacked
	}
	if b.waiting > 0 {
		b.change.Broadcast()
	}
}

// fail sets the error, unless there is one.
func (b *Bulk) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
	b.change.Broadcast()
}

// Publish sends d to the exchange of its kind, once enough of the messages before
// it are confirmed. Its error may be that of an earlier message: ErrUnroutable,
// ErrNacked, or the connection's. After an error only Close is of use.
func (b *Bulk) Publish(ctx context.Context, d event.Delivery) error {
	if err := b.reserve(ctx); err != nil {
		return err
	}
	x := b.exchanges.Of(d.Kind)
	const mandatory = true
	err := b.ch.PublishWithContext(ctx, x.Name, x.RoutingKey, mandatory, false, publishing(x, d))
	if err != nil {
		b.fail(conn.Advised(fmt.Errorf("publish to %s: %w", x.Name, err)))
	}
	return err
}

// reserve counts one more message as sent. At the limit it waits until half of the
// messages are confirmed, so that many are written at once.
func (b *Bulk) reserve(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sent-b.confirmed >= bulkInFlight {
		if err := b.awaitLocked(ctx, bulkInFlight/2); err != nil {
			return err
		}
	}
	b.sent++
	return b.err
}

// Flush waits until the broker has confirmed everything. Its errors are those of
// Publish.
func (b *Bulk) Flush(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.awaitLocked(ctx, 0)
}

// awaitLocked waits until at most unconfirmed messages are not confirmed.
func (b *Bulk) awaitLocked(ctx context.Context, unconfirmed uint64) error {
	defer context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.change.Broadcast()
	})()
	b.waiting++
	defer func() { b.waiting-- }()
	for b.err == nil && ctx.Err() == nil && b.sent-b.confirmed > unconfirmed {
		b.change.Wait()
	}
	if b.err != nil {
		return b.err
	}
	return ctx.Err()
}

// Close closes the connection. It may be called more than once.
func (b *Bulk) Close() {
	b.conn.Close()
	b.counting.Wait()
}
