package amqp

import (
	"errors"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// Exchanges are the two that publishers send to. Empty names stand for
// Peatio's.
type Exchanges struct {
	// Orders is the fanout exchange of Orders, "peatio.orderbook" by default;
	// Trades the headers exchange of Trades, "peatio.trade" by default.
	Orders, Trades string
	// Durable says how an exchange is declared that is not there yet. Peatio
	// 1.8 to 3.0 declares both as not durable, not auto-deleted, without
	// arguments (its app/amqp/amqp_config.rb), and is refused where they stand
	// otherwise.
	Durable bool
}

// exchange is one of Exchanges with what goes with it.
type exchange struct {
	name string
	typ  string
	// routingKey and persistent are how Peatio 1.8 publishes to it
	// (app/trading/matching/order_book.rb, executor.rb).
	routingKey string
	persistent bool
}

func (e Exchanges) withDefaults() Exchanges {
	or(&e.Orders, "peatio.orderbook")
	or(&e.Trades, "peatio.trade")
	return e
}

func (e Exchanges) orders() exchange {
	return exchange{
		name: e.Orders, typ: amqp091.ExchangeFanout,
		routingKey: e.Orders + ".slave",
	}
}

func (e Exchanges) trades() exchange {
	return exchange{name: e.Trades, typ: amqp091.ExchangeHeaders, persistent: true}
}

func (e Exchanges) both() []exchange { return []exchange{e.orders(), e.trades()} }

// of returns the exchange of a kind.
func (e Exchanges) of(kind event.Kind) exchange {
	if kind == event.Trade {
		return e.trades()
	}
	return e.orders()
}

// kind returns what a message that came through the named exchange is, or zero.
func (e Exchanges) kind(name string) event.Kind {
	switch name {
	case e.Orders:
		return event.Order
	case e.Trades:
		return event.Trade
	default:
		return 0
	}
}

// kindOf is kind of a name that is not kept.
func (e Exchanges) kindOf(name []byte) event.Kind {
	switch { // a switch over the text would copy it
	case string(name) == e.Orders:
		return event.Order
	case string(name) == e.Trades:
		return event.Trade
	default:
		return 0
	}
}

// open sees that both are there, and opens a channel with confirms to publish on.
func (e Exchanges) open(c *connection) (*amqp091.Channel, error) {
	for _, x := range e.both() {
		if _, err := x.ensure(c, e.Durable); err != nil {
			return nil, err
		}
	}
	ch, err := confirming(c)
	return ch, wrap("open a channel with confirms", err)
}

// ensure sees that x is there: it looks first, since declaring an exchange that
// stands with other properties is refused, and declares it only where it is
// missing. made says that it was.
func (x exchange) ensure(c *connection, durable bool) (made bool, err error) {
	err = onChannel(c, func(ch *amqp091.Channel) error {
		return ch.ExchangeDeclarePassive(x.name, x.typ, durable, false, false, false, nil)
	})
	if !isCode(err, amqp091.NotFound) {
		return false, wrap("look at exchange "+x.name, err)
	}
	err = x.declare(c, durable)
	if isCode(err, amqp091.PreconditionFailed) {
		return false, nil // somebody made it since, in their own way
	}
	return true, wrap("declare exchange "+x.name, err)
}

// declare declares x, or is refused where it stands otherwise.
func (x exchange) declare(c *connection, durable bool) error {
	return onChannel(c, func(ch *amqp091.Channel) error {
		return ch.ExchangeDeclare(x.name, x.typ, durable, false, false, false, nil)
	})
}

func isCode(err error, code int) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	return ok && e.Code == code
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// publishing returns d as Peatio publishes it to x.
func (x exchange) publishing(d event.Delivery) amqp091.Publishing {
	msg := amqp091.Publishing{
		ContentType:  "application/octet-stream", // Bunny's default, as Peatio sends it
		DeliveryMode: amqp091.Transient,
		Headers:      d.Headers,
		Body:         d.Body,
	}
	if x.persistent {
		msg.DeliveryMode = amqp091.Persistent
	}
	return msg
}
