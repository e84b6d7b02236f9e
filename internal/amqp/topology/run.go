package topology

import (
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// runExpiry is how long the broker keeps the queue of a run that no node looks at.
const runExpiry = 24 * time.Hour

// run is a queue that shows whether a host of the broker has been restarted: it is durable,
// and contains one message that is not. The message survives connections that are cut, and
// nothing else (docs/adr/0036). The broker puts a classic queue on the host at which it is
// declared, unless it is configured otherwise: so that is the host at address.
type run struct {
	t       *Topology
	address string // IP:port
}

func (t *Topology) run(address string) run { return run{t, address} }

// name returns the name of the queue.
func (r run) name() string { return r.t.cfg.Source() + ".run." + r.address }

// runState is what a run's queue shows.
type runState uint8

const (
	runGoesOn runState = iota // the message is there
	runEnded                  // it is not: the host has been restarted
	runNew                    // the queue was missing, and has been declared
	runAway                   // the host is down, or the queue was deleted
)

// state returns what the queue shows. It declares the queue if it is missing and the
// connection is to its host.
func (r run) state() (runState, error) {
	var q amqp091.Queue
	err := r.t.conn.OnChannel(func(ch *amqp091.Channel) (err error) {
		q, err = ch.QueueDeclarePassive(r.name(), true, false, false, false, nil)
		return err
	})
	missing := conn.IsCode(err, amqp091.NotFound)
	if missing && r.address == r.t.conn.Address() {
		err = r.t.conn.OnChannel(func(ch *amqp091.Channel) error {
			_, err := ch.QueueDeclare(r.name(), true, false, false, false, amqp091.Table{
				"x-max-length": int64(1), // two nodes may place a message at once
				"x-expires":    runExpiry.Milliseconds(),
			})
			return err
		})
	}
	switch {
	case conn.IsCode(err, amqp091.NotFound):
		return runAway, nil
	case err != nil:
		return runAway, conn.Wrap("look at the run of broker "+r.address, err)
	case missing:
		return runNew, nil
	case q.Messages == 0:
		return runEnded, nil
	default:
		return runGoesOn, nil
	}
}
