package topology

import (
	"errors"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// A canary is an exchange whose absence proves that the exchange x was gone: it
// deletes itself when its only binding goes, and that goes with x, even if another
// x exists by now. It is not durable: after a restart of the broker there is a
// moment in which x accepts messages and the stream is not up yet.

// canaryName returns the name of the canary of x.
func (t *Topology) canaryName(x Exchange) string { return t.cfg.Source() + ".alive." + x.Name }

// canaryPermitted returns the broker's refusal if its user may not place the canary
// and the probe of x. Its only effect is that the probe exists.
func (t *Topology) canaryPermitted(x Exchange) error {
	if err := t.denied[x.Name]; err != nil {
		return err
	}
	exists, err := t.hasCanary(x)
	if err == nil && !exists { // to delete it needs the permission to declare it
		err = t.conn.OnChannel(func(ch *amqp091.Channel) error { return ch.ExchangeDelete(t.canaryName(x), true, false) })
		if conn.IsCode(err, amqp091.PreconditionFailed) {
			err = nil // another node has placed it meanwhile
		}
	}
	if err == nil && !exists { // to unbind it needs the permission to bind it
		err = t.conn.OnChannel(func(ch *amqp091.Channel) error {
			return ch.ExchangeUnbind(x.Name, "a key that nobody binds", t.canaryName(x), false, nil)
		})
	}
	if err == nil {
		err = t.conn.OnChannel(func(ch *amqp091.Channel) error { return t.declareProbe(ch, x) })
		if errors.Is(err, errProbeUnreachable) {
			err = nil // readProbe deals with it
		}
	}
	return t.noteDenied(x, conn.Wrap("watch exchange "+x.Name, err))
}

// placeCanary declares the canary of x and binds it.
func (t *Topology) placeCanary(x Exchange) (err error) {
	for range 2 { // another node's canaryPermitted may delete it in between
		err = t.conn.OnChannel(func(ch *amqp091.Channel) error {
			const durable, autoDelete = false, true
			if err := ch.ExchangeDeclare(t.canaryName(x), amqp091.ExchangeFanout, durable, autoDelete, false, false, nil); err != nil {
				return err
			}
			return ch.ExchangeBind(x.Name, "", t.canaryName(x), false, nil)
		})
		if !conn.IsCode(err, amqp091.NotFound) {
			break
		}
	}
	return t.noteDenied(x, conn.Wrap("place a canary at exchange "+x.Name, err))
}

// hasCanary reports whether the canary of x exists. It binds it once more, in case
// the node that placed it ended before it bound it.
func (t *Topology) hasCanary(x Exchange) (bool, error) {
	err := t.conn.OnChannel(func(ch *amqp091.Channel) error {
		const durable, autoDelete = false, true
		if err := ch.ExchangeDeclarePassive(t.canaryName(x), amqp091.ExchangeFanout, durable, autoDelete, false, false, nil); err != nil {
			return err
		}
		return ch.ExchangeBind(x.Name, "", t.canaryName(x), false, nil)
	})
	if conn.IsCode(err, amqp091.NotFound) {
		return false, nil
	}
	return err == nil, conn.Wrap("look at the canary of exchange "+x.Name, err)
}

func (t *Topology) removeCanary(x Exchange) error {
	return conn.Wrap("remove the canary of exchange "+x.Name, t.conn.OnChannel(func(ch *amqp091.Channel) error {
		return ch.ExchangeDelete(t.canaryName(x), false, false)
	}))
}
