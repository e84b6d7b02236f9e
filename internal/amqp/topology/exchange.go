package topology

import (
	"cmp"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/event"
)

// Exchanges are the two exchanges that publishers send to. Empty names stand for
// Peatio's.
type Exchanges struct {
	// Orders is the fanout exchange of Orders, "peatio.orderbook" by default, and
	// Trades the headers exchange of Trades, "peatio.trade" by default.
	Orders, Trades string
	// Durable is how a missing exchange is declared. Peatio 1.8 to 3.0 declares both
	// as not durable, not auto-deleted and without arguments (its
	// app/amqp/amqp_config.rb), and the broker refuses that if they differ.
	Durable bool
}

// Exchange is one of Exchanges.
type Exchange struct {
	Name string
	// Type is its AMQP exchange type.
	Type string
	// Kind is what its messages are about.
	Kind event.Kind
	// RoutingKey and Persistent are how Peatio 1.8 publishes to it
	// (app/trading/matching/order_book.rb, executor.rb).
	RoutingKey string
	Persistent bool
}

// WithDefaults returns e with its defaults.
func (e Exchanges) WithDefaults() Exchanges {
	e.Orders = cmp.Or(e.Orders, "peatio.orderbook")
	e.Trades = cmp.Or(e.Trades, "peatio.trade")
	return e
}

// All returns both exchanges.
func (e Exchanges) All() []Exchange { return []Exchange{e.Of(event.Order), e.Of(event.Trade)} }

// Of returns the exchange of a kind.
func (e Exchanges) Of(kind event.Kind) Exchange {
	if kind == event.Trade {
		return Exchange{Name: e.Trades, Type: amqp091.ExchangeHeaders, Kind: event.Trade, Persistent: true}
	}
	return Exchange{Name: e.Orders, Type: amqp091.ExchangeFanout, Kind: event.Order, RoutingKey: e.Orders + ".slave"}
}

// Kind returns the kind of messages that come through the named exchange, or zero.
func (e Exchanges) Kind(exchange []byte) event.Kind {
	switch { // a switch over the text would copy it
	case string(exchange) == e.Orders:
		return event.Order
	case string(exchange) == e.Trades:
		return event.Trade
	default:
		return 0
	}
}

// Ensure declares x if it is missing, and reports whether it did. It looks first,
// because the broker refuses to declare an existing exchange with other properties.
func (x Exchange) Ensure(c *conn.Conn, durable bool) (created bool, err error) {
	err = c.OnChannel(func(ch *amqp091.Channel) error {
		return ch.ExchangeDeclarePassive(x.Name, x.Type, durable, false, false, false, nil)
	})
	if !conn.IsCode(err, amqp091.NotFound) {
		return false, conn.Wrap("look at exchange "+x.Name, err)
	}
	err = x.declare(c, durable)
	if conn.IsCode(err, amqp091.PreconditionFailed) {
		return false, nil // another client has declared it meanwhile, with other properties
	}
	return true, conn.Wrap("declare exchange "+x.Name, err)
}

func (x Exchange) declare(c *conn.Conn, durable bool) error {
	return c.OnChannel(func(ch *amqp091.Channel) error {
		return ch.ExchangeDeclare(x.Name, x.Type, durable, false, false, false, nil)
	})
}
