package amqp

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// segmentBytes keeps a stream's segments small enough for its retention, which
// drops whole segments, to bite.
const segmentBytes = 50_000_000

// topologyError is a fault that stays until an operator does something.
type topologyError struct {
	err    error
	advice string
}

func (e *topologyError) Error() string { return e.err.Error() }
func (e *topologyError) Unwrap() error { return e.err }

// topology is what ranger needs of the broker: both exchanges, the stream, and
// the bindings between them.
type topology struct {
	conn *amqp091.Connection
	cfg  Config
	log  *slog.Logger
}

// make sees that all of it is there. streamMade says that the stream was not.
func (t *topology) make() (streamMade bool, err error) {
	streamMade, err = t.ensureStream()
	if err != nil {
		return false, err
	}
	if err := t.ensureFeed(); err != nil {
		return false, err
	}
	return streamMade, t.checkTypes()
}

// checkTypes warns of exchanges of another type: those give a binding without a
// routing key and arguments only some messages, or none.
func (t *topology) checkTypes() error {
	for _, x := range t.cfg.Exchanges.both() {
		err := x.declare(t.conn, t.cfg.Exchanges.Durable)
		if d, ok := differing(err); ok && d.name == "type" {
			t.log.Warn("an exchange is of another type: messages may not reach the stream; see AMQP_ORDERBOOK_EXCHANGE and AMQP_TRADE_EXCHANGE",
				"exchange", x.name, "type", d.value, "want", x.typ)
		}
		if _, refused := errors.AsType[*amqp091.Error](err); err != nil && !refused {
			return wrap("look at the type of exchange "+x.name, err)
		}
	}
	return nil
}

// ensureFeed sees that both exchanges are there and bound to the stream. A
// binding without arguments takes every message, also of a headers exchange. To
// bind again changes nothing, and the broker does not say if it was needed.
func (t *topology) ensureFeed() error {
	for _, x := range t.cfg.Exchanges.both() {
		made, err := x.ensure(t.conn, t.cfg.Exchanges.Durable)
		if err != nil {
			return err
		}
		if made {
			t.log.Warn("an exchange was missing and has been declared; what was published to it before is lost",
				"exchange", x.name, "durable", t.cfg.Exchanges.Durable)
		}
		err = onChannel(t.conn, func(ch *amqp091.Channel) error {
			return ch.QueueBind(t.cfg.Stream, "", x.name, false, nil)
		})
		if err != nil {
			return fmt.Errorf("bind stream %s to exchange %s: %w", t.cfg.Stream, x.name, err)
		}
	}
	return nil
}

// ensureStream sees that the stream is there: one that is, is taken as it is.
func (t *topology) ensureStream() (made bool, err error) {
	err = onChannel(t.conn, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclarePassive(t.cfg.Stream, true, false, false, false, nil)
		return err
	})
	if err == nil {
		return false, t.checkStream()
	}
	if isCode(err, amqp091.ResourceLocked) { // another connection's exclusive queue
		return false, t.noStream(err)
	}
	if !isCode(err, amqp091.NotFound) {
		return false, wrap("look at stream "+t.cfg.Stream, err)
	}
	err = t.declareStream(t.streamArgs())
	if _, other := differing(err); other {
		return false, t.checkStream() // somebody made it since, with other arguments
	}
	err = wrap("declare stream "+t.cfg.Stream, err)
	switch {
	case knowsNoStreams(err):
		return false, &topologyError{err, noStreams}
	case isCode(err, amqp091.NotFound): // it is known, and out of reach
		return false, &topologyError{err, streamDown}
	case err != nil:
		return false, err
	}
	t.log.Info("the stream has been declared", "stream", t.cfg.Stream, "max_age", t.cfg.MaxAge.String(), "max_bytes", t.cfg.MaxBytes)
	return true, nil
}

// knowsNoStreams tells whether err is how a broker without streams answers the
// declaration of one: RabbitMQ before 3.9 does not take the type
// (rabbit_amqqueue:check_arguments), later ones have a feature flag for it
// (rabbit_queue_type:declare). Other errors of these codes have other causes.
func knowsNoStreams(err error) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case amqp091.NotImplemented:
		return true
	case amqp091.PreconditionFailed:
		return strings.Contains(e.Reason, "invalid arg 'x-queue-type'")
	case amqp091.InternalError:
		return strings.Contains(e.Reason, "feature flag is disabled")
	default:
		return false
	}
}

func (t *topology) streamArgs() amqp091.Table {
	return amqp091.Table{
		amqp091.QueueTypeArg:              amqp091.QueueTypeStream,
		amqp091.StreamMaxAgeArg:           streamAge(t.cfg.MaxAge),
		"x-max-length-bytes":              t.cfg.MaxBytes,
		"x-stream-max-segment-size-bytes": int64(segmentBytes),
	}
}

func (t *topology) declareStream(args amqp091.Table) error {
	return onChannel(t.conn, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclare(t.cfg.Stream, true, false, false, false, args)
		return err
	})
}

// noStream is the error where a queue of another type has the stream's name.
func (t *topology) noStream(err error) error {
	return &topologyError{
		fmt.Errorf("queue %s is no stream: %w", t.cfg.Stream, err),
		"a queue of another type has the stream's name: set AMQP_STREAM to another name, or delete that queue",
	}
}

// checkStream learns what an existing stream was declared with, from the
// broker's refusals to declare it otherwise, and warns where it keeps less than
// a node reads at its start.
func (t *topology) checkStream() error {
	args := t.streamArgs()
	for range 2 * len(args) {
		err := t.declareStream(args)
		if err == nil {
			break
		}
		if isCode(err, amqp091.AccessRefused) {
			return nil // who may not declare it may still read it
		}
		d, ok := differing(err)
		if !ok {
			return wrap("look at the arguments of stream "+t.cfg.Stream, err)
		}
		switch {
		case d.name == amqp091.QueueTypeArg, !strings.HasPrefix(d.name, "x-"):
			return t.noStream(err)
		case d.value == nil:
			delete(args, d.name)
		default:
			args[d.name] = d.value
		}
	}
	age, _ := args[amqp091.StreamMaxAgeArg].(string)
	if keeps, ok := parseStreamAge(age); ok && keeps < t.cfg.Window {
		t.log.Warn("the stream keeps messages for less time than HISTORY_TTL: a node that starts finds less than it should; declare the stream anew, or lower HISTORY_TTL",
			"stream", t.cfg.Stream, "max_age", age, "history_ttl", t.cfg.Window.String())
	}
	return nil
}
