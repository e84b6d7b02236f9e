package topology

import (
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// canary is an exchange whose absence proves that the exchange x was gone: it deletes
// itself when its only binding goes, and that goes with x, even if another x exists by
// now. It is not durable: after a restart of the broker there is a moment in which x
// accepts messages and the stream is not up yet.
type canary struct {
	t *Topology
	x Exchange
}

func (t *Topology) canary(x Exchange) canary { return canary{t, x} }

// name returns the name of the canary.
func (c canary) name() string { return c.t.cfg.Source() + ".alive." + c.x.Name }

// permitted returns the broker's refusal if its user may not place the canary. It
// changes nothing.
func (c canary) permitted() error {
	exists, err := c.exists()
	if err == nil && !exists { // to delete it needs the permission to declare it
		err = c.t.conn.OnChannel(func(ch *amqp091.Channel) error { return ch.ExchangeDelete(c.name(), true, false) })
		if conn.IsCode(err, amqp091.PreconditionFailed) {
			err = nil // another node has placed it meanwhile
		}
	}
	if err == nil && !exists { // to unbind it needs the permission to bind it
		err = c.t.conn.OnChannel(func(ch *amqp091.Channel) error {
			return ch.ExchangeUnbind(c.x.Name, "a key that nobody binds", c.name(), false, nil)
		})
	}
	return err
}

// place declares the canary and binds it.
func (c canary) place() (err error) {
	for range 2 { // another node's permitted may delete it in between
		err = c.t.conn.OnChannel(func(ch *amqp091.Channel) error {
			const durable, autoDelete = false, true
			if err := ch.ExchangeDeclare(c.name(), amqp091.ExchangeFanout, durable, autoDelete, false, false, nil); err != nil {
				return err
			}
			return ch.ExchangeBind(c.x.Name, "", c.name(), false, nil)
		})
		if !conn.IsCode(err, amqp091.NotFound) {
			break
		}
	}
	return c.t.noteDenied(c.x, conn.Wrap("place a canary at exchange "+c.x.Name, err))
}

// exists reports whether the canary exists. It binds it once more, in case the node
// that placed it ended before it bound it.
func (c canary) exists() (bool, error) {
	err := c.t.conn.OnChannel(func(ch *amqp091.Channel) error {
		const durable, autoDelete = false, true
		if err := ch.ExchangeDeclarePassive(c.name(), amqp091.ExchangeFanout, durable, autoDelete, false, false, nil); err != nil {
			return err
		}
		return ch.ExchangeBind(c.x.Name, "", c.name(), false, nil)
	})
	if conn.IsCode(err, amqp091.NotFound) {
		return false, nil
	}
	return err == nil, conn.Wrap("look at the canary of exchange "+c.x.Name, err)
}

// remove deletes the canary.
func (c canary) remove() error {
	return conn.Wrap("remove the canary of exchange "+c.x.Name, c.t.conn.OnChannel(func(ch *amqp091.Channel) error {
		return ch.ExchangeDelete(c.name(), false, false)
	}))
}
