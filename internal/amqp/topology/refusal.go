package topology

import (
	"errors"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// denialTTL is how long a deniedError counts: it may have had another cause. To ask
// again costs a connection if it had not.
const denialTTL = time.Hour

// deniedError is the error with which the broker ended an earlier connection at the
// declaration of a canary or a probe.
type deniedError struct {
	cause error
	at    time.Time
}

func (e *deniedError) Error() string { return e.cause.Error() }
func (e *deniedError) Unwrap() error { return e.cause }

// isDenied reports whether the broker refuses a canary or a probe for good, so that
// ranger continues without it: the user lacks a permission, something else has the
// name, or the broker does not permit such objects at all, and has ended an earlier
// connection for that.
func (t *Topology) isDenied(err error) bool {
	if _, ok := errors.AsType[*deniedError](err); ok {
		return true
	}
	e, ok := errors.AsType[*amqp091.Error](err)
	return ok && e.Server && !t.conn.IsClosed() && (e.Code == amqp091.AccessRefused || e.Code == amqp091.PreconditionFailed)
}

// noteDenied remembers err, which it returns, if the broker has ended the connection
// instead of declaring the canary or the probe of x. So RabbitMQ 4 refuses a
// deprecated feature that it does not permit (rabbit_deprecated_features).
func (t *Topology) noteDenied(x Exchange, err error) error {
	if !conn.IsCode(err, amqp091.InternalError) {
		return err
	}
	if !conn.IsDeprecated(err) && !t.suspected[x.Name] { // for any reason; the second time it is this
		t.suspected[x.Name] = true
		return err
	}
	t.denied[x.Name] = &deniedError{err, time.Now()}
	return err
}

// denial returns what noteDenied has remembered of x within denialTTL, or nil.
func (t *Topology) denial(x Exchange) error {
	if e := t.denied[x.Name]; e != nil && time.Since(e.at) < denialTTL {
		return e
	}
	return nil
}

// watchPermitted returns the broker's refusal if its user may not place the canary and
// the probe of x. Its only effect is that the probe exists.
func (t *Topology) watchPermitted(x Exchange) error {
	if err := t.denial(x); err != nil {
		return err
	}
	err := t.canary(x).permitted()
	if err == nil {
		err = t.probe(x).permitted()
	}
	if err == nil {
		delete(t.suspected, x.Name)
	}
	return t.noteDenied(x, conn.Wrap("watch exchange "+x.Name, err))
}

// denialAdvice returns what an operator can do about a denied canary or probe.
func (t *Topology) denialAdvice(x Exchange, denial error) string {
	canary, probe := t.canary(x).name(), t.probe(x).name()
	switch {
	case conn.IsCode(denial, amqp091.PreconditionFailed):
		return fmt.Sprintf("queue %s exists with other properties: delete it, and ranger declares it at its next connection", probe)
	case conn.IsDeprecated(denial):
		return conn.Advice(denial)
	case conn.IsCode(denial, amqp091.InternalError):
		return fmt.Sprintf("see the broker's log for why it does not accept exchange %s or queue %s; ranger asks again at its first connection after an hour", canary, probe)
	default:
		return fmt.Sprintf("let the broker's user configure, write and read %s and %s, and write to exchange %s", canary, probe, x.Name)
	}
}
