package amqp

import (
	"context"
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
	conn *connection
	cfg  Config
	log  *slog.Logger
	made map[string]bool // exchanges that were missing, and the lookout has not heard of
	away map[string]bool // exchanges whose witness is out of reach
	// denied says of exchanges why the broker permits nobody to watch over them. It
	// ends the connection with that, so that the next ones have to know.
	denied map[string]error
}

// makeFeeds sees that both exchanges are there and feed the stream. What already
// stood is not bound again, but to a stream that was just made: whether it is
// bound, and was all the time, the lookout finds out.
func (t *topology) makeFeeds(ctx context.Context, streamMade bool) error {
	for _, x := range t.cfg.Exchanges.both() {
		if err := t.makeFeed(ctx, x, streamMade); err != nil {
			return err
		}
	}
	return t.checkTypes()
}

func (t *topology) noteMade(x exchange) { note(&t.made, x) }

// note adds x to a set.
func note(set *map[string]bool, x exchange) {
	if *set == nil {
		*set = make(map[string]bool)
	}
	(*set)[x.name] = true
}

// takeMade tells, once, whether makeFeed had to make the exchange: its canary may
// not have been bound.
func (t *topology) takeMade(x exchange) bool {
	made := t.made[x.name]
	delete(t.made, x.name)
	return made
}

// makeFeed sees that the exchange is there, and feeds the stream where one of the
// two was not.
func (t *topology) makeFeed(ctx context.Context, x exchange, streamMade bool) error {
	made, err := t.ensureExchange(x)
	if err != nil {
		return err
	}
	if made && !streamMade {
		t.noteMade(x)
	}
	there := false
	if !made && !streamMade {
		there, err = t.hasCanary(x)
		if err != nil && !t.refused(err) {
			return err
		}
	}
	if there {
		return nil
	}
	if err := t.bind(x); err != nil || !streamMade {
		return err
	}
	if err := t.silence(ctx, x); !t.refused(err) { // what it holds came before there was a stream
		return err
	}
	return nil // the lookout says so
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

// ensureExchange sees that an exchange is there. made says that it was not.
func (t *topology) ensureExchange(x exchange) (made bool, err error) {
	made, err = x.ensure(t.conn, t.cfg.Exchanges.Durable)
	if made && err == nil {
		t.log.Warn("an exchange was missing and has been declared; what was published to it before is lost",
			"exchange", x.name, "durable", t.cfg.Exchanges.Durable)
	}
	return made, err
}

// bind binds the stream to an exchange. A binding without arguments takes every
// message, also of a headers exchange. To bind again changes nothing, and the
// broker does not say if it was needed.
func (t *topology) bind(x exchange) error {
	err := onChannel(t.conn, func(ch *amqp091.Channel) error {
		return ch.QueueBind(t.cfg.Stream, "", x.name, false, nil)
	})
	return wrap(fmt.Sprintf("bind stream %s to exchange %s", t.cfg.Stream, x.name), err)
}

// findStream tells whether the stream is there; one that is, is taken as it is.
func (t *topology) findStream() (bool, error) {
	err := onChannel(t.conn, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclarePassive(t.cfg.Stream, true, false, false, false, nil)
		return err
	})
	switch {
	case err == nil:
		return true, t.checkStream()
	case isCode(err, amqp091.NotFound):
		return false, nil
	case isCode(err, amqp091.ResourceLocked): // another connection's exclusive queue
		return false, t.noStream(err)
	default:
		return false, wrap("look at stream "+t.cfg.Stream, err)
	}
}

// makeStream declares the stream.
func (t *topology) makeStream() (made bool, err error) {
	err = t.declare(t.streamArgs())
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

func (t *topology) declare(args amqp091.Table) error {
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
		err := t.declare(args)
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
