package amqp

import (
	"errors"
	"fmt"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// refused tells whether the broker denied a canary or a witness, and goes on
// without: it denied a permission, has something else of that name, or does not
// permit such things at all and has said so to a connection before.
func (t *topology) refused(err error) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	return ok && e.Server && !t.conn.IsClosed() &&
		(e.Code == amqp091.AccessRefused || e.Code == amqp091.PreconditionFailed || deprecated(e))
}

// deprecated tells whether the broker's operator, or its version, does not permit
// what was asked for. It ends the connection then (RabbitMQ 4,
// rabbit_deprecated_features).
func deprecated(e *amqp091.Error) bool {
	return e.Code == amqp091.InternalError && strings.Contains(e.Reason, "is deprecated")
}

// noteDenial remembers err, which it returns, if it says that nobody is permitted to
// watch over x.
func (t *topology) noteDenial(x exchange, err error) error {
	if e, ok := errors.AsType[*amqp091.Error](err); ok && deprecated(e) {
		t.denied[x.name] = err
	}
	return err
}

// permit is the advice for what the broker does not permit.
const permit = "the broker does not permit a deprecated feature, which the error names: permit it in rabbitmq.conf by `deprecated_features.permit.<name> = true`"

// watchAdvice is the advice where the broker's refusal is why x cannot be watched
// over.
func (t *topology) watchAdvice(x exchange, refusal error) string {
	switch {
	case isCode(refusal, amqp091.PreconditionFailed):
		return fmt.Sprintf("somebody has declared queue %s in another way: delete it, and ranger declares it when it connects next", t.witness(x))
	case isCode(refusal, amqp091.InternalError):
		return permit
	default:
		return fmt.Sprintf("let the broker's user configure, write and read %s and %s, and write to exchange %s", t.canary(x), t.witness(x), x.name)
	}
}
