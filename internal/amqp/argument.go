package amqp

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// difference is an argument in which a queue that stands differs from the one
// that was declared.
type difference struct {
	name  string
	value any // what it is there, nil for none
}

var differs = regexp.MustCompile(`inequivalent arg '([^']+)' for .* but current is (?:none|(?:the value )?'([^']*)'(?: of type '([^']*)')?)`)

// differing reads the broker's refusal to declare a queue that stands with
// other arguments. RabbitMQ names one at a time, in words alone
// (rabbit_misc:assert_args_equivalence1).
func differing(err error) (difference, bool) {
	e, ok := errors.AsType[*amqp091.Error](err)
	if !ok || e.Code != amqp091.PreconditionFailed {
		return difference{}, false
	}
	m := differs.FindStringSubmatch(e.Reason)
	if m == nil {
		return difference{}, false
	}
	d := difference{name: m[1]}
	if m[2] != "" {
		d.value = m[2]
		if n, err := strconv.ParseInt(m[2], 10, 64); err == nil && m[3] != "longstr" {
			d.value = n
		}
	}
	return d, true
}

// streamAge writes d as x-max-age and x-stream-offset take an interval: a
// number and a unit.
func streamAge(d time.Duration) string {
	seconds := int64((d + time.Second - 1) / time.Second)
	switch {
	case seconds%3600 == 0:
		return strconv.FormatInt(seconds/3600, 10) + "h"
	case seconds%60 == 0:
		return strconv.FormatInt(seconds/60, 10) + "m"
	default:
		return strconv.FormatInt(seconds, 10) + "s"
	}
}

// parseStreamAge reads what streamAge writes, and RabbitMQ's longer units.
func parseStreamAge(s string) (time.Duration, bool) {
	if s == "" {
		return 0, false
	}
	unit := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour,
		'D': 24 * time.Hour, 'M': 30 * 24 * time.Hour, 'Y': 365 * 24 * time.Hour,
	}[s[len(s)-1]]
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil || n < 0 || unit == 0 {
		return 0, false
	}
	if n > math.MaxInt64/int64(unit) {
		return math.MaxInt64, true
	}
	return time.Duration(n) * unit, true
}
