package conn

import (
	"errors"
	"fmt"
	"net"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// The advice for a broker that cannot be reached, or does not answer.
const (
	adviceURL         = "check RABBITMQ_URL, or RABBITMQ_HOST and RABBITMQ_PORT; percent-encode special characters of the user and the password in a URL"
	adviceUnreachable = "check that the broker is up, and RABBITMQ_URL, or RABBITMQ_HOST and RABBITMQ_PORT"
	adviceTimeout     = "the broker sends heartbeats but does not answer: check its log, its alarms and its disk, and in a cluster that most nodes are up and reach each other"
)

// The advice for what the broker refuses.
const (
	adviceLogin      = "the broker refused the user or the password: check RABBITMQ_URL, or RABBITMQ_USER and RABBITMQ_PASSWORD"
	adviceExclusive  = "another node reads this queue: give each node its own NODE_NAME; or it is this node's last connection, which the broker ends within seconds"
	advicePermission = "the broker's user lacks a permission: it needs configure (if missing), write and read on the stream, configure (if missing) and read on both exchanges, and write on the default exchange, amq.default"
	adviceVHost      = "the broker refused the virtual host: check RABBITMQ_URL, or RABBITMQ_VHOST"
	adviceReplica    = "this host of the cluster has no replica of the stream: add one there with `rabbitmq-streams add_replica <stream> <node>`, or name other hosts in RABBITMQ_URL or RABBITMQ_HOST"
	adviceForced     = "the broker is shutting down, or an operator closed the connection: wait until it is up again"
	adviceFrame      = "the broker read something that is not AMQP 0-9-1: check that nothing between ranger and the broker changes the bytes, such as a proxy for another protocol"
	adviceInternal   = "the broker failed: its log has the cause. If it comes at the same offset again and again, the broker cannot deliver an entry of the stream, and ranger skips it"
	adviceDeprecated = "the broker does not permit a deprecated feature, which the error names: permit it in rabbitmq.conf with `deprecated_features.permit.<name> = true`"
)

// advisedError is an error with what an operator can do about it.
type advisedError struct {
	err    error
	advice string
}

func (e *advisedError) Error() string { return e.err.Error() }
func (e *advisedError) Unwrap() error { return e.err }

// WithAdvice returns err with its Advice.
func WithAdvice(err error, advice string) error { return &advisedError{err, advice} }

// Advised returns err with its advice in the text, for commands that print it.
func Advised(err error) error {
	if a := Advice(err); a != "" {
		return fmt.Errorf("%w; %s", err, a)
	}
	return err
}

// Advice returns what an operator can do about err, or the empty string if the only
// help is to wait.
func Advice(err error) string {
	if e, ok := errors.AsType[*advisedError](err); ok {
		return e.advice
	}
	if errors.Is(err, ErrTimeout) {
		return adviceTimeout
	}
	if e, ok := errors.AsType[*amqp091.Error](err); ok {
		if a := refusalAdvice(e); a != "" {
			return a
		}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return adviceUnreachable
	}
	return ""
}

func refusalAdvice(e *amqp091.Error) string {
	switch {
	case e.Code == amqp091.AccessRefused && !e.Server: // the library's own, for a failed login
		return adviceLogin
	case e.Code == amqp091.AccessRefused && strings.Contains(e.Reason, "exclusive use"):
		return adviceExclusive
	case e.Code == amqp091.AccessRefused:
		return advicePermission
	case isDeprecated(e):
		return adviceDeprecated
	case e.Code == amqp091.InternalError && e.Server:
		return adviceInternal
	case e.Code == amqp091.PreconditionFailed && strings.Contains(e.Reason, "replica"): // rabbit_stream_queue
		return adviceReplica
	case e.Code == amqp091.ConnectionForced:
		return adviceForced
	case e.Code == amqp091.FrameError && e.Server: // the library's own means a connection that was cut
		return adviceFrame
	case e.Code == amqp091.NotAllowed:
		return adviceVHost
	default:
		return ""
	}
}

// IsDeprecated reports whether the broker refused a deprecated feature, as far as its
// wording can be read.
func IsDeprecated(err error) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	return ok && isDeprecated(e)
}

func isDeprecated(e *amqp091.Error) bool { // RabbitMQ 4, rabbit_deprecated_features
	return e.Code == amqp091.InternalError && strings.Contains(e.Reason, "is deprecated")
}

// IsCode reports whether the broker closed a channel or the connection with this
// reply code (AMQP 0-9-1, "Constants").
func IsCode(err error, code int) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	return ok && e.Code == code
}

// Wrap adds to err what was being done; it returns nil for nil.
func Wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// dialError returns the error of a connection that did not open; it always has
// advice.
func dialError(err error) error {
	err = Wrap("connect to the broker", err)
	if a := tlsAdvice(err); a != "" {
		return WithAdvice(err, a)
	}
	if Advice(err) == "" {
		return WithAdvice(err, adviceUnreachable)
	}
	return err
}
