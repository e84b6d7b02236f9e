package topology

import (
	"errors"
	"fmt"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// segmentBytes keeps a stream's segments small: retention drops whole segments.
const segmentBytes = 50_000_000

// The advice for a stream that cannot be used.
const (
	adviceNoStreams  = "the broker cannot create a stream: use RabbitMQ 3.9 or later with the feature flag stream_queue enabled, or set AMQP_SOURCE=queue"
	adviceStreamDown = "the broker's node that has the stream is down: start it; if it is up it has lost the stream: run `rabbitmqctl delete_queue` on it, and ranger declares it again"
	adviceNotStream  = "a queue of another type has the stream's name: set AMQP_STREAM to another name, or delete that queue"
)

func (t *Topology) ensureStream() (Found, error) {
	exists, err := t.findStream()
	if err != nil || exists {
		return Found{}, err
	}
	created, err := t.createStream()
	return Found{Created: created}, err
}

// findStream reports whether the stream exists.
func (t *Topology) findStream() (bool, error) {
	err := t.conn.OnChannel(func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclarePassive(t.cfg.Stream, true, false, false, false, nil)
		return err
	})
	switch {
	case err == nil:
		return true, t.checkStream()
	case conn.IsCode(err, amqp091.NotFound):
		return false, nil
	case conn.IsCode(err, amqp091.ResourceLocked): // an exclusive queue of another connection
		return false, t.notStream(err)
	default:
		return false, conn.Wrap("look at stream "+t.cfg.Stream, err)
	}
}

// createStream declares the stream.
func (t *Topology) createStream() (created bool, err error) {
	err = t.declareQueue(t.streamArgs())
	switch {
	case err == nil:
		t.log.Info("declared the stream", "stream", t.cfg.Stream, "max_age", t.cfg.MaxAge.String(), "max_bytes", t.cfg.MaxBytes)
		return true, nil
	case lacksStreams(err):
		err = conn.WithAdvice(err, adviceNoStreams)
	case conn.IsCode(err, amqp091.PreconditionFailed):
		// Another client may have declared it meanwhile, with other arguments.
		if exists, err := t.findStream(); exists || err != nil {
			return false, err
		}
	case conn.IsCode(err, amqp091.NotFound): // the broker knows it, but cannot reach it
		// RabbitMQ 3.10 stays so after it was killed within seconds of its first stream.
		err = conn.WithAdvice(err, adviceStreamDown)
	}
	return false, conn.Wrap("declare stream "+t.cfg.Stream, err)
}

// lacksStreams reports whether err is how a broker without streams refuses to
// declare one: RabbitMQ before 3.9 does not accept the type
// (rabbit_amqqueue:check_arguments), later ones have a feature flag for it
// (rabbit_queue_type:declare). The same codes have other causes, too.
func lacksStreams(err error) bool {
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

func (t *Topology) streamArgs() amqp091.Table {
	return amqp091.Table{
		amqp091.QueueTypeArg:              amqp091.QueueTypeStream,
		amqp091.StreamMaxAgeArg:           Age(t.cfg.MaxAge),
		"x-max-length-bytes":              t.cfg.MaxBytes,
		"x-stream-max-segment-size-bytes": int64(segmentBytes),
	}
}

// checkStream checks the type of the existing stream, and warns if it keeps less
// than a node reads when it starts.
func (t *Topology) checkStream() error {
	args, err := t.actualArgs(t.streamArgs())
	if errors.Is(err, errOtherQueue) {
		return t.notStream(err)
	}
	if err != nil || args == nil {
		return err
	}
	age, _ := args[amqp091.StreamMaxAgeArg].(string)
	if keeps, ok := parseAge(age); ok && keeps < t.cfg.Window {
		t.log.Warn("stream keeps messages for less than HISTORY_TTL",
			"stream", t.cfg.Stream, "max_age", age, "history_ttl", t.cfg.Window.String(),
			"advice", "a node that starts reads less than it should: declare the stream with a longer x-max-age, or lower HISTORY_TTL")
	}
	return nil
}

func (t *Topology) notStream(err error) error {
	return conn.WithAdvice(fmt.Errorf("queue %s is not a stream: %w", t.cfg.Stream, err), adviceNotStream)
}
