package amqp

import (
	"context"
	"errors"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// ErrUnrouted says that the broker took a message and had nobody to give it to.
var ErrUnrouted = errors.New("no queue is bound to the exchange: start `ranger serve` first")

// ErrRefused says that the broker did not take a message.
var ErrRefused = errors.New("the broker refused the message")

// Publisher publishes Orders and Trades as Peatio does, with confirms. Its
// methods are safe for concurrent use.
type Publisher struct {
	conn      *connection
	ch        *amqp091.Channel
	exchanges Exchanges

	asked chan question // answered by the goroutine that takes returns
	done  chan struct{} // closed when that goroutine has ended

	// Owned by that goroutine; fixed once done is closed.
	returned map[string]bool // ids of messages that came back
	err      error           // why the channel was closed
}

// question is whether the message with this id came back.
type question struct {
	id     string
	answer chan bool
}

// NewPublisher connects to the broker at url and sees that both exchanges are
// there. Close it when done.
func NewPublisher(ctx context.Context, url string, exchanges Exchanges) (*Publisher, error) {
	return newPublisher(ctx, url, exchanges, limits{})
}

func newPublisher(ctx context.Context, url string, exchanges Exchanges, l limits) (*Publisher, error) {
	exchanges = exchanges.withDefaults()
	c, err := dial(ctx, url, "ranger publish", nil, l)
	if err != nil {
		return nil, advised(err)
	}
	p := &Publisher{conn: c, exchanges: exchanges, asked: make(chan question), done: make(chan struct{}), returned: make(map[string]bool)}
	if err := p.open(); err != nil {
		hangUp(c)
		return nil, advised(err)
	}
	return p, nil
}

func (p *Publisher) open() error {
	var err error
	if p.ch, err = p.exchanges.open(p.conn); err != nil {
		return err
	}
	closed := p.ch.NotifyClose(make(chan *amqp091.Error, 1))
	go p.takeReturns(p.ch.NotifyReturn(make(chan amqp091.Return)), closed)
	return nil
}

// takeReturns keeps the ids of messages that came back until the channel is
// closed. The broker sends a return before the confirm of the same message, so
// who asks after the confirm is answered rightly.
func (p *Publisher) takeReturns(returns <-chan amqp091.Return, closed <-chan *amqp091.Error) {
	defer close(p.done)
	for {
		select {
		case r, ok := <-returns:
			if !ok {
				p.err = amqp091.ErrClosed
				if err := <-closed; err != nil {
					p.err = err
				}
				return
			}
			p.returned[r.MessageId] = true
		case q := <-p.asked:
			q.answer <- p.returned[q.id]
			delete(p.returned, q.id)
		}
	}
}

// Receipt is a message that is on its way to the broker.
type Receipt struct {
	publisher *Publisher
	confirm   *amqp091.DeferredConfirmation
	id        string
}

// Publish sends d to the exchange of its kind. It does not wait for the broker:
// Wait on what it returns. id becomes the message's `message_id`; each must be
// another.
func (p *Publisher) Publish(ctx context.Context, d event.Delivery, id string) (Receipt, error) {
	x := p.exchanges.of(d.Kind)
	const mandatory = true
	msg := x.publishing(d)
	msg.MessageId = id
	confirm, err := p.ch.PublishWithDeferredConfirmWithContext(ctx, x.name, x.routingKey, mandatory, false, msg)
	if err != nil {
		return Receipt{}, advised(fmt.Errorf("publish to %s: %w", x.name, err))
	}
	return Receipt{publisher: p, confirm: confirm, id: id}, nil
}

// Wait returns nil when the broker has taken the message and routed it,
// ErrUnrouted when it had nobody to give it to, ErrRefused when it did not take
// it. Any other error leaves open what became of the message.
func (r Receipt) Wait(ctx context.Context) error {
	p := r.publisher
	ok, err := r.confirm.WaitContext(ctx)
	if err != nil {
		return fmt.Errorf("wait for the broker's confirm: %w", err)
	}
	if !ok {
		// The library refuses what is unconfirmed when the channel is closed.
		if !p.ch.IsClosed() {
			return ErrRefused
		}
		<-p.done
		return advised(fmt.Errorf("wait for the broker's confirm: %w", p.err))
	}
	q := question{id: r.id, answer: make(chan bool, 1)}
	select {
	case <-p.done:
		q.answer <- p.returned[q.id]
	case p.asked <- q:
	}
	if <-q.answer {
		return ErrUnrouted
	}
	return nil
}

// Close ends the connection.
func (p *Publisher) Close() {
	hangUp(p.conn)
	<-p.done
}

// advised adds what an operator can do about err, where there is something.
func advised(err error) error {
	if a := advice(err); a != "" {
		return fmt.Errorf("%w; %s", err, a)
	}
	return err
}
