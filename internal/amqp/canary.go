package amqp

import (
	"errors"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// canary names the exchange whose absence tells that x was gone: it deletes
// itself when its one binding goes, and that goes with x, also where another of
// the same name stands there now. It is not durable: after a restart of the broker
// there is a moment in which messages are taken and the stream is not up yet.
func (t *topology) canary(x exchange) string { return t.cfg.Stream + ".alive." + x.name }

// mayWatch returns the refusal where the broker's user may not place canary and
// witness of x. All that it changes is that there is a witness.
func (t *topology) mayWatch(x exchange) error {
	if err := t.denied[x.name]; err != nil {
		return err
	}
	there, err := t.hasCanary(x)
	if err == nil && !there { // so this asks for the permission to declare it
		err = onChannel(t.conn, func(ch *amqp091.Channel) error { return ch.ExchangeDelete(t.canary(x), true, false) })
		if isCode(err, amqp091.PreconditionFailed) {
			err = nil // another node has placed it meanwhile
		}
	}
	if err == nil && !there {
		err = onChannel(t.conn, func(ch *amqp091.Channel) error { // and to bind it
			return ch.ExchangeUnbind(x.name, "a key that nobody binds", t.canary(x), false, nil)
		})
	}
	if err == nil {
		err = onChannel(t.conn, func(ch *amqp091.Channel) error { return t.placeWitness(ch, x) })
		if errors.Is(err, errWitnessAway) {
			err = nil // a look deals with it
		}
	}
	return t.noteDenial(x, wrap("watch over exchange "+x.name, err))
}

func (t *topology) placeCanary(x exchange) (err error) {
	for range 2 { // another node's mayWatch may fall in between
		err = onChannel(t.conn, func(ch *amqp091.Channel) error {
			const durable, autoDelete = false, true
			if err := ch.ExchangeDeclare(t.canary(x), amqp091.ExchangeFanout, durable, autoDelete, false, false, nil); err != nil {
				return err
			}
			return ch.ExchangeBind(x.name, "", t.canary(x), false, nil)
		})
		if !isCode(err, amqp091.NotFound) {
			break
		}
	}
	return t.noteDenial(x, wrap("place a canary at exchange "+x.name, err))
}

// hasCanary tells whether the canary of x lives. It is bound once more, should
// whoever placed it have died before.
func (t *topology) hasCanary(x exchange) (bool, error) {
	err := onChannel(t.conn, func(ch *amqp091.Channel) error {
		const durable, autoDelete = false, true
		if err := ch.ExchangeDeclarePassive(t.canary(x), amqp091.ExchangeFanout, durable, autoDelete, false, false, nil); err != nil {
			return err
		}
		return ch.ExchangeBind(x.name, "", t.canary(x), false, nil)
	})
	if isCode(err, amqp091.NotFound) {
		return false, nil
	}
	return err == nil, wrap("look at the canary of exchange "+x.name, err)
}

func (t *topology) removeCanary(x exchange) error {
	return wrap("remove the canary of exchange "+x.name, onChannel(t.conn, func(ch *amqp091.Channel) error {
		return ch.ExchangeDelete(t.canary(x), false, false)
	}))
}
