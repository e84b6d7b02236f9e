package amqp

import (
	"errors"
	"net"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

var (
	// errForeign ends a connection on which another stream was found than the
	// one read before.
	errForeign = errors.New("the last message read is no longer in the stream")
	// errMadeAnew is errForeign's sure case: the stream was gone.
	errMadeAnew = foreign("the stream was gone and has been made anew")

	errCancelled = errors.New("the broker cancelled the consumer: the stream was deleted, or its node went away")
	errSilent    = errors.New("a marker that the broker confirmed did not come back")
	errNotTaken  = errors.New("publish a marker: the broker did not take it")
	errNoOffset  = errors.New("a message came without an offset: the queue is no stream")
)

type foreign string

func (f foreign) Error() string { return string(f) }

func (f foreign) Is(target error) bool { return target == errForeign }

// noStreams is the advice for a broker, or a virtual host, that has no streams.
const noStreams = "the broker cannot make a stream: use RabbitMQ 3.9 or later with the feature flag stream_queue on, or set AMQP_SOURCE=queue"

// streamDown is the advice for a stream that the broker knows of and cannot get
// at. A broker that is killed within some seconds of its very first stream comes
// up so, and stays (RabbitMQ 3.10).
const streamDown = "the broker's node that has the stream is down: bring it back; if it is up, the stream is lost to it: delete it with `rabbitmqctl delete_queue`, and ranger makes it anew"

// badURL and unreachable are the advice for a broker that cannot be spoken to.
const (
	badURL      = "check RABBITMQ_URL, or RABBITMQ_HOST and RABBITMQ_PORT; a user or a password with special characters has to be percent-encoded in a URL"
	unreachable = "is the broker up? check RABBITMQ_URL, or RABBITMQ_HOST and RABBITMQ_PORT"
)

// unanswered is the advice for a broker that sends heartbeats and nothing else.
const unanswered = "the broker sends heartbeats and does not answer: look at its log, its alarms and its disk; in a cluster, whether most of its nodes are up and see each other"

// advice says what an operator can do about err; it is empty where only time
// helps.
func advice(err error) string {
	if e, ok := errors.AsType[*topologyError](err); ok {
		return e.advice
	}
	if errors.Is(err, errUnanswered) {
		return unanswered
	}
	if e, ok := errors.AsType[*amqp091.Error](err); ok {
		switch e.Code {
		case amqp091.AccessRefused:
			if !e.Server {
				return "the broker refused the user or the password: check RABBITMQ_URL, or RABBITMQ_USER and RABBITMQ_PASSWORD"
			}
			if strings.Contains(e.Reason, "exclusive use") {
				return "another node reads this queue: NODE_NAME must differ from node to node; or it is this one's last connection, which ends in some seconds"
			}
			return "the broker's user lacks a permission: it needs to configure (where missing), write and read the stream, to configure (where missing) and read both exchanges, and to write to the default exchange, amq.default"
		case amqp091.InternalError:
			if deprecated(e) {
				return permit
			}
		case amqp091.NotAllowed:
			return "the broker refused the virtual host: check RABBITMQ_URL, or RABBITMQ_VHOST"
		}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return unreachable
	}
	return ""
}
