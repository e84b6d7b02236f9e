package topology

import (
	"errors"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// queueLength and queueExpiry bound a node's queue when ranger declares it.
const (
	queueLength = 1_000_000 // messages
	queueExpiry = time.Hour
)

const argMaxLength = "x-max-length"

// ensureQueue declares the node's queue if it is missing.
func (t *Topology) ensureQueue() (Found, error) {
	name := t.cfg.Source()
	var messages int
	err := t.conn.OnChannel(func(ch *amqp091.Channel) error {
		q, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		messages = q.Messages
		return err
	})
	if err == nil {
		limit, err := t.queueLimit()
		return Found{Full: limit > 0 && int64(messages) >= limit}, err
	}
	if !conn.IsCode(err, amqp091.NotFound) {
		return Found{}, conn.Wrap("look at queue "+name, err)
	}
	return Found{Created: true}, conn.Wrap("declare queue "+name, t.declareQueue(queueArgs()))
}

func queueArgs() amqp091.Table {
	return amqp091.Table{argMaxLength: int64(queueLength), "x-expires": queueExpiry.Milliseconds()}
}

// queueLimit returns how many messages the existing queue may contain; 0 if there
// is no limit, or it is not known.
func (t *Topology) queueLimit() (int64, error) {
	args, err := t.actualArgs(queueArgs())
	if errors.Is(err, errOtherQueue) {
		return 0, nil // it is read as it is
	}
	limit, _ := args[argMaxLength].(int64)
	return limit, err
}
