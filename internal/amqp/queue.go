package amqp

import (
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// queueLength and queueExpiry bound a node's queue, where it is declared.
const (
	queueLength = 1_000_000
	queueExpiry = time.Hour
)

// ensureQueue sees that the node's queue is there: one that is, is taken as it
// is. full says that it holds as much as it may, so that messages may have been
// dropped from it.
func (t *topology) ensureQueue() (made, full bool, err error) {
	var messages int
	err = onChannel(t.conn, func(ch *amqp091.Channel) error {
		q, err := ch.QueueDeclarePassive(t.cfg.Stream, true, false, false, false, nil)
		messages = q.Messages
		return err
	})
	if err == nil {
		bound, err := t.queueBound()
		return false, bound > 0 && int64(messages) >= bound, err
	}
	if !isCode(err, amqp091.NotFound) {
		return false, false, wrap("look at queue "+t.cfg.Stream, err)
	}
	return true, false, wrap("declare queue "+t.cfg.Stream, t.declare(queueArgs()))
}

func queueArgs() amqp091.Table {
	return amqp091.Table{"x-max-length": int64(queueLength), "x-expires": queueExpiry.Milliseconds()}
}

// queueBound learns how many messages an existing queue may hold, from the
// broker's refusals to declare it otherwise; 0 for as many as come.
func (t *topology) queueBound() (int64, error) {
	args := queueArgs()
	for range 2 * len(args) {
		err := t.declare(args)
		if err == nil || isCode(err, amqp091.AccessRefused) {
			break
		}
		d, ok := differing(err)
		switch {
		case !ok:
			return 0, wrap("look at the arguments of queue "+t.cfg.Stream, err)
		case d.value == nil:
			delete(args, d.name)
		default:
			args[d.name] = d.value
		}
	}
	length, _ := args["x-max-length"].(int64)
	return length, nil
}

// oweForQueue notes what the state in which the queue was found says of messages
// that never will be read.
func (s *Source) oweForQueue(gone, full bool) {
	since := s.readAt
	if since == 0 {
		since = s.oldest()
	}
	if gone {
		s.log.Error("the queue was gone and has been made anew; clients are told of the gap", "queue", s.cfg.Stream)
		s.owe(event.GapStream, since)
	}
	if full {
		s.log.Error("the queue was at its bound: messages may have been dropped from it; clients are told of the gap", "queue", s.cfg.Stream)
		s.owe(event.GapOverflow, since)
	}
}

// queueName is how the queue of cfg's own node is called.
func queueName(cfg Config) string { return cfg.Stream + "." + cfg.Node }
