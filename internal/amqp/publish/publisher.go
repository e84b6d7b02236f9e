package publish

import (
	"context"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
)

// Publisher publishes messages and reports what became of each. Its methods are
// safe for concurrent use.
type Publisher struct {
	conn      *conn.Conn
	ch        *amqp091.Channel
	exchanges topology.Exchanges

	asked chan question // answered by the goroutine that takes returns
	done  chan struct{} // closed when that goroutine has ended

	// Owned by that goroutine; fixed once done is closed.
	returned map[string]bool // ids of messages that were returned
	err      error           // why the channel has ended
}

// question is whether the message with this id was returned.
type question struct {
	id     string
	answer chan bool
}

// NewPublisher connects to the broker at url and declares missing exchanges. Close
// it when done.
func NewPublisher(ctx context.Context, url string, exchanges topology.Exchanges) (*Publisher, error) {
	return newPublisher(ctx, url, exchanges, conn.Timeouts{})
}

func newPublisher(ctx context.Context, url string, exchanges topology.Exchanges, timeouts conn.Timeouts) (*Publisher, error) {
	c, err := conn.Dial(ctx, url, conn.Options{Name: "ranger publish", Timeouts: timeouts})
	if err != nil {
		return nil, conn.Advised(err)
	}
	p := &Publisher{
		conn: c, exchanges: exchanges.WithDefaults(),
		asked: make(chan question), done: make(chan struct{}), returned: make(map[string]bool),
	}
	if p.ch, err = openChannel(c, p.exchanges); err != nil {
		c.Close()
		return nil, conn.Advised(err)
	}
	closed := p.ch.NotifyClose(make(chan *amqp091.Error, 1))
	go p.takeReturns(p.ch.NotifyReturn(make(chan amqp091.Return)), closed)
	return p, nil
}

// takeReturns collects the ids of returned messages until the channel ends. The
// broker sends a return before the confirm of the same message, so a question
// asked after the confirm is answered correctly.
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

// Receipt is a message on its way to the broker.
type Receipt struct {
	publisher *Publisher
	confirm   *amqp091.DeferredConfirmation
	id        string
}

// Publish sends d to the exchange of its kind, with id as its `message_id`; ids
// must be unique. It does not wait for the broker: Receipt.Wait does.
func (p *Publisher) Publish(ctx context.Context, d event.Delivery, id string) (Receipt, error) {
	x := p.exchanges.Of(d.Kind)
	const mandatory = true
	msg := publishing(x, d)
	msg.MessageId = id
	confirm, err := p.ch.PublishWithDeferredConfirmWithContext(ctx, x.Name, x.RoutingKey, mandatory, false, msg)
	if err != nil {
		return Receipt{}, conn.Advised(fmt.Errorf("publish to %s: %w", x.Name, err))
	}
	return Receipt{publisher: p, confirm: confirm, id: id}, nil
}

// Wait returns nil when the broker has confirmed and routed the message,
// ErrUnroutable if it has not routed it, ErrNacked if it has refused it. After any
// other error it is not known what became of the message.
func (r Receipt) Wait(ctx context.Context) error {
	p := r.publisher
	ok, err := r.confirm.WaitContext(ctx)
	if err != nil {
		return fmt.Errorf("wait for the broker's confirm: %w", err)
	}
	if !ok {
		// The library also refuses what is unconfirmed when the channel ends.
		if !p.ch.IsClosed() {
			return ErrNacked
		}
		<-p.done
		return conn.Advised(fmt.Errorf("wait for the broker's confirm: %w", p.err))
	}
	q := question{id: r.id, answer: make(chan bool, 1)}
	select {
	case <-p.done:
		q.answer <- p.returned[q.id]
	case p.asked <- q:
	}
	if <-q.answer {
		return ErrUnroutable
	}
	return nil
}

// Close closes the connection.
func (p *Publisher) Close() {
	p.conn.Close()
	<-p.done
}
