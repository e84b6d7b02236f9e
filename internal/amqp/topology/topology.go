package topology

import (
	"fmt"
	"log/slog"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// Topology is what ranger needs at the broker. It outlives connections; one
// goroutine uses it at a time.
type Topology struct {
	cfg  Config // with defaults; fixed at construction
	log  *slog.Logger
	conn *conn.Conn // of the last call of Use

	// denied has the denials by exchange. They end the connection, so they must be
	// remembered beyond it.
	denied map[string]*deniedError
	// suspected has the exchanges at whose canary or probe a connection ended for a
	// reason that ranger cannot read. It may have had another cause.
	suspected map[string]bool
	// undeliverable has the exchanges whose probe has a message at which a connection
	// ended.
	undeliverable map[string]bool
	// unparsed reports whether a refusal was logged whose text ranger cannot read.
	unparsed bool
}

// New returns a Topology that is described by cfg.
func New(cfg Config, log *slog.Logger) *Topology {
	return &Topology{
		cfg: cfg.WithDefaults(), log: log, denied: make(map[string]*deniedError),
		suspected: make(map[string]bool), undeliverable: make(map[string]bool),
	}
}

// Use makes t use c from now on.
func (t *Topology) Use(c *conn.Conn) { t.conn = c }

// Found is what Ensure found.
type Found struct {
	// Created: the stream or the queue was missing and has been declared.
	Created bool
	// Full: the queue contains as many messages as it may, so the broker may have
	// dropped some.
	Full bool
}

// Ensure declares the stream, or the node's queue, if it is missing. One that
// exists is used as it is. Guard.EnsureBindings does the rest.
func (t *Topology) Ensure() (Found, error) {
	if t.cfg.Queue {
		return t.ensureQueue()
	}
	return t.ensureStream()
}

// ensureExchange declares an exchange if it is missing, and reports whether it did.
func (t *Topology) ensureExchange(x Exchange) (created bool, err error) {
	created, err = x.Ensure(t.conn, t.cfg.Exchanges.Durable)
	if created && err == nil {
		t.log.Warn("exchange was missing; declared it",
			"exchange", x.Name, "durable", t.cfg.Exchanges.Durable, "advice", "what was published to it meanwhile is lost")
	}
	return created, err
}

// bind binds the stream or queue to an exchange. A binding without arguments takes
// every message, of a headers exchange too. Binding again changes nothing, and the
// broker does not report whether it was needed.
func (t *Topology) bind(x Exchange) error {
	err := t.conn.OnChannel(func(ch *amqp091.Channel) error {
		return ch.QueueBind(t.cfg.Source(), "", x.Name, false, nil)
	})
	return conn.Wrap(fmt.Sprintf("bind %s to exchange %s", t.cfg.Source(), x.Name), err)
}

func (t *Topology) declareQueue(args amqp091.Table) error {
	return t.conn.OnChannel(func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclare(t.cfg.Source(), true, false, false, false, args)
		return err
	})
}

// checkTypes warns about exchanges of another type: a binding without routing key
// and arguments takes only some of their messages, or none.
func (t *Topology) checkTypes() error {
	for _, x := range t.cfg.Exchanges.All() {
		err := x.declare(t.conn, t.cfg.Exchanges.Durable)
		if m, ok := parseMismatch(err); ok && m.name == "type" {
			t.log.Warn("exchange has another type: messages may not arrive",
				"exchange", x.Name, "type", m.value, "want", x.Type, "advice", "check AMQP_ORDERBOOK_EXCHANGE and AMQP_TRADE_EXCHANGE")
		}
		if err != nil && !isRefusal(err) {
			return conn.Wrap("look at the type of exchange "+x.Name, err)
		}
	}
	return nil
}
