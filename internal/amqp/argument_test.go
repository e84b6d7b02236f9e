package amqp_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
)

func TestStreamAge(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Second:                  "1s",
		time.Millisecond:             "1s", // never less than asked for
		1500 * time.Millisecond:      "2s",
		59 * time.Second:             "59s",
		time.Minute:                  "1m",
		15 * time.Minute:             "15m",
		61 * time.Second:             "61s",
		time.Hour:                    "1h",
		90 * time.Minute:             "90m",
		6 * time.Hour:                "6h",
		48 * time.Hour:               "48h",
		27*time.Hour + 1*time.Second: "97201s",
	} {
		got := amqp.StreamAge(d)
		if got != want {
			t.Errorf("StreamAge(%v) = %s, want %s", d, got, want)
		}
		if back, ok := amqp.ParseStreamAge(got); !ok || back < d || back >= d+time.Second {
			t.Errorf("ParseStreamAge(%s) = %v, %t, want %v", got, back, ok, d)
		}
	}
}

func TestParseStreamAge(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for s, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "15m": 15 * time.Minute, "6h": 6 * time.Hour,
		"7D": 7 * day, "1M": 30 * day, "1Y": 365 * day,
		"300Y": math.MaxInt64, "9223372036854775807s": math.MaxInt64,
		"0s": 0,
	} {
		if got, ok := amqp.ParseStreamAge(s); !ok || got != want {
			t.Errorf("ParseStreamAge(%q) = %v, %t, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "s", "5", "5x", "5d", "-5s", "1h30m", "5 s", "9223372036854775808s", "é"} {
		if got, ok := amqp.ParseStreamAge(s); ok {
			t.Errorf("ParseStreamAge(%q) = %v, want none", s, got)
		}
	}
}

// refusal is an error as the broker's.
func refusal(code int, reason string) error {
	return fmt.Errorf("declare: %w", &amqp091.Error{Code: code, Reason: reason, Server: true})
}

// The words are RabbitMQ 3.10's own.
func TestDiffering(t *testing.T) {
	t.Parallel()
	const begin = "PRECONDITION_FAILED - inequivalent arg "
	for reason, want := range map[string]struct {
		name  string
		value any
	}{
		begin + "'x-max-length-bytes' for queue 'p' in vhost '/': received the value '1073741824' of type 'long' but current is none": {"x-max-length-bytes", nil},
		begin + "'x-max-length-bytes' for queue 'p' in vhost '/': received '1073741824' but current is '5000'":                        {"x-max-length-bytes", int64(5000)},
		begin + "'x-max-age' for queue 'p' in vhost '/': received '6h' but current is '1m'":                                           {"x-max-age", "1m"},
		begin + "'x-max-age' for queue 'p' in vhost '/': received none but current is the value '1m' of type 'longstr'":               {"x-max-age", "1m"},
		begin + "'x-initial-cluster-size' for queue 'p' in vhost '/': received none but current is the value '1' of type 'signedint'": {"x-initial-cluster-size", int64(1)},
		begin + "'x-queue-leader-locator' for queue 'p' in vhost '/': received none but current is the value '1' of type 'longstr'":   {"x-queue-leader-locator", "1"},
		begin + "'durable' for queue 'p' in vhost '/': received 'true' but current is 'false'":                                        {"durable", "false"},
		begin + "'x-queue-type' for queue 'but current is none' in vhost '/': received 'stream' but current is 'classic'":             {"x-queue-type", "classic"},
	} {
		name, value, ok := amqp.Differing(refusal(amqp091.PreconditionFailed, reason))
		if !ok || name != want.name || value != want.value {
			t.Errorf("%s:\ngot %s = %#v, %t, want %s = %#v", reason, name, value, ok, want.name, want.value)
		}
	}
	for _, err := range []error{
		nil,
		errors.New(begin + "'x-max-age' for queue 'p' in vhost '/': received '6h' but current is '1m'"),
		refusal(amqp091.NotFound, begin+"'x-max-age' for queue 'p' in vhost '/': received '6h' but current is '1m'"),
		refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'p' in vhost '/': invalid_max_age"),
	} {
		if name, _, ok := amqp.Differing(err); ok {
			t.Errorf("%v: got %s, want none", err, name)
		}
	}
}
