package topology

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// mismatch is an argument in which an existing queue or exchange differs from the
// declaration that the broker refused.
type mismatch struct {
	name  string
	value any // the existing value, nil for none
}

// mismatchText is RabbitMQ's text (rabbit_misc:assert_args_equivalence1). No
// protocol promises it: versions word it differently, so what depends on it is best
// effort.
var mismatchText = regexp.MustCompile(`inequivalent arg '([^']+)' for .* but current is (?:none|(?:the value )?'([^']*)'(?: of type '([^']*)')?)`)

// parseMismatch reads the broker's refusal of a declaration. RabbitMQ names one
// argument at a time. It reports false if err is something else, or its text is not
// as expected.
func parseMismatch(err error) (mismatch, bool) {
	e, ok := errors.AsType[*amqp091.Error](err)
	if !ok || e.Code != amqp091.PreconditionFailed {
		return mismatch{}, false
	}
	text := mismatchText.FindStringSubmatch(e.Reason)
	if text == nil {
		return mismatch{}, false
	}
	m := mismatch{name: text[1]}
	if text[2] != "" {
		m.value = text[2]
		if n, err := strconv.ParseInt(text[2], 10, 64); err == nil && text[3] != "longstr" {
			m.value = n
		}
	}
	return m, true
}

// errOtherQueue means that the queue differs in more than its arguments.
var errOtherQueue = errors.New("the queue has another type")

// actualArgs returns the arguments that the existing queue has instead of args. It
// learns them from the broker's refusals to declare the queue with args. It returns
// nil if they cannot be learned: the user may not declare queues, or the text of a
// refusal is not as expected; that is logged once.
func (t *Topology) actualArgs(args amqp091.Table) (amqp091.Table, error) {
	for range 2 * len(args) {
		err := t.declareQueue(args)
		if err == nil {
			return args, nil
		}
		if conn.IsCode(err, amqp091.AccessRefused) {
			return nil, nil //nolint:nilnil // a user that may not declare it may still read it
		}
		m, ok := parseMismatch(err)
		switch {
		case !ok && isRefusal(err):
			t.logUnparsed(err)
			return nil, nil //nolint:nilnil // it is used as it is
		case !ok:
			return nil, conn.Wrap("look at the arguments of queue "+t.cfg.Source(), err)
		case m.name == amqp091.QueueTypeArg, !strings.HasPrefix(m.name, "x-"):
			return nil, fmt.Errorf("%w: %w", errOtherQueue, err)
		case m.value == nil:
			delete(args, m.name)
		default:
			args[m.name] = m.value
		}
	}
	return args, nil
}

// isRefusal reports whether the broker refused a request and keeps the connection
// (a channel exception, AMQP 0-9-1 §4.10).
func isRefusal(err error) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	return ok && e.Server && e.Recover
}

func (t *Topology) logUnparsed(err error) {
	if t.unparsed {
		return
	}
	t.unparsed = true
	t.log.Warn("cannot read the arguments of the existing queue",
		"queue", t.cfg.Source(), "error", err, "advice", "check by hand that its x-max-age covers HISTORY_TTL; ranger uses it as it is")
}
