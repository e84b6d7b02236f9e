package topology

import (
	"errors"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// isDenied reports whether the broker refuses a canary or a probe for good, so that
// ranger goes on without it: the user lacks a permission, something else has the
// name, or the broker does not permit such objects at all, and has said so to an
// earlier connection.
func (t *Topology) isDenied(err error) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	return ok && e.Server && !t.conn.IsClosed() &&
		(e.Code == amqp091.AccessRefused || e.Code == amqp091.PreconditionFailed || conn.IsDeprecated(e))
}

// noteDenied remembers err, which it returns, if the broker does not permit the
// canary or the probe of x at all.
func (t *Topology) noteDenied(x Exchange, err error) error {
	if conn.IsDeprecated(err) {
		t.denied[x.Name] = err
	}
	return err
}

// watchPermitted returns the broker's refusal if its user may not place the canary and
// the probe of x. Its only effect is that the probe exists.
func (t *Topology) watchPermitted(x Exchange) error {
	if err := t.denied[x.Name]; err != nil {
		return err
	}
	err := t.canary(x).permitted()
	if err == nil {
		err = t.probe(x).permitted()
	}
	return t.noteDenied(x, conn.Wrap("watch exchange "+x.Name, err))
}

// denialAdvice returns what an operator can do about a denied canary or probe.
func (t *Topology) denialAdvice(x Exchange, denial error) string {
	canary, probe := t.canary(x).name(), t.probe(x).name()
	switch {
	case conn.IsCode(denial, amqp091.PreconditionFailed):
		return fmt.Sprintf("queue %s exists with other properties: delete it, and ranger declares it at its next connection", probe)
	case conn.IsCode(denial, amqp091.InternalError):
		return conn.AdviceDeprecated
	default:
		return fmt.Sprintf("let the broker's user configure, write and read %s and %s, and write to exchange %s", canary, probe, x.Name)
	}
}
