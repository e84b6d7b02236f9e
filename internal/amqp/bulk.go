package amqp

import (
	"context"
	"fmt"
	"net"
	"sync"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// bulkInFlight is how many messages may wait for their confirm.
const bulkInFlight = 4000

// BulkPublisher publishes as Publisher does, as fast as the broker confirms and at
// the least cost: confirms are counted, not told for each message, and many
// messages are written at once. Its methods are safe for concurrent use.
type BulkPublisher struct {
	conn      *connection
	ch        *amqp091.Channel
	exchanges Exchanges
	counting  sync.WaitGroup // the goroutine that takes confirms and returns

	mu        sync.Mutex
	change    sync.Cond // on mu: confirmed or err has changed, and somebody waits
	waiting   int       // guarded by mu: who does
	sent      uint64    // guarded by mu
	confirmed uint64    // guarded by mu
	err       error     // guarded by mu: the first fault, which stays
}

// NewBulkPublisher connects to the broker at url and sees that both exchanges are
// there. Close it when done.
func NewBulkPublisher(ctx context.Context, url string, exchanges Exchanges) (*BulkPublisher, error) {
	return newBulkPublisher(ctx, url, exchanges, limits{})
}

func newBulkPublisher(ctx context.Context, url string, exchanges Exchanges, l limits) (*BulkPublisher, error) {
	c, err := dialOver(ctx, url, "ranger bench", l, func(c net.Conn) net.Conn { return gather(tidy(c)) })
	if err != nil {
		return nil, advised(err)
	}
	p := &BulkPublisher{conn: c, exchanges: exchanges.withDefaults()}
	p.change.L = &p.mu
	if err := p.open(); err != nil {
		hangUp(c)
		return nil, advised(err)
	}
	return p, nil
}

func (p *BulkPublisher) open() error {
	var err error
	if p.ch, err = p.exchanges.open(p.conn); err != nil {
		return err
	}
	closed := p.ch.NotifyClose(make(chan *amqp091.Error, 1))
	confirms := p.ch.NotifyPublish(make(chan amqp091.Confirmation, bulkInFlight))
	returns := p.ch.NotifyReturn(make(chan amqp091.Return))
	p.counting.Go(func() { p.take(confirms, returns, closed) })
	return nil
}

// take counts confirms until the channel is closed. The broker sends a return
// before the confirm of the same message, and the library waits until we have it:
// who sees the confirm counted sees the fault too.
func (p *BulkPublisher) take(confirms <-chan amqp091.Confirmation, returns <-chan amqp091.Return, closed <-chan *amqp091.Error) {
	for {
		select {
		case _, ok := <-returns:
			if ok {
				p.fail(ErrUnrouted)
			} else {
				returns = nil
			}
		case c, ok := <-confirms:
			if ok {
				p.count(c.Ack)
				continue
			}
			err := error(amqp091.ErrClosed)
			if e := <-closed; e != nil {
				err = e
			}
			p.fail(advised(fmt.Errorf("publish: %w", err)))
			return
		}
	}
}

// count takes a confirm.
func (p *BulkPublisher) count(ack bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.confirmed++
	if !ack && p.err == nil {
		p.err = ErrRefused
	}
	if p.waiting > 0 {
		p.change.Broadcast()
	}
}

// fail makes err what is told, unless something is.
func (p *BulkPublisher) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.change.Broadcast()
}

// Publish sends d to the exchange of its kind, once the broker has confirmed
// enough of those before. Its error may be that of an earlier message: ErrUnrouted,
// ErrRefused, or the connection's. After one there is nothing more to do but
// Close.
func (p *BulkPublisher) Publish(ctx context.Context, d event.Delivery) error {
	if err := p.takeRoom(ctx); err != nil {
		return err
	}
	x := p.exchanges.of(d.Kind)
	const mandatory = true
	err := p.ch.PublishWithContext(ctx, x.name, x.routingKey, mandatory, false, x.publishing(d))
	if err != nil {
		p.fail(advised(fmt.Errorf("publish to %s: %w", x.name, err)))
	}
	return err
}

// takeRoom counts one more message as sent. When too many are not confirmed it
// waits for half of them, so that many are written at once.
func (p *BulkPublisher) takeRoom(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent-p.confirmed >= bulkInFlight {
		if err := p.awaitLocked(ctx, bulkInFlight/2); err != nil {
			return err
		}
	}
	p.sent++
	return p.err
}

// Flush waits until the broker has confirmed all that was published. Its errors
// are those of Publish.
func (p *BulkPublisher) Flush(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.awaitLocked(ctx, 0)
}

// awaitLocked waits until no more than most messages are not confirmed.
func (p *BulkPublisher) awaitLocked(ctx context.Context, most uint64) error {
	defer context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.change.Broadcast()
	})()
	p.waiting++
	defer func() { p.waiting-- }()
	for p.err == nil && ctx.Err() == nil && p.sent-p.confirmed > most {
		p.change.Wait()
	}
	if p.err != nil {
		return p.err
	}
	return ctx.Err()
}

// Close ends the connection. It may be called more than once.
func (p *BulkPublisher) Close() {
	hangUp(p.conn)
	p.counting.Wait()
}
