package topology_test

import (
	"errors"
	"fmt"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/topology"
)

// refusal returns an error as the broker's.
func refusal(code int, reason string) error {
	return fmt.Errorf("declare: %w", &amqp091.Error{Code: code, Reason: reason, Server: true})
}

// The texts are those of RabbitMQ 3.10.
func TestParseMismatch_ReadsNameAndValue(t *testing.T) {
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
		name, value, ok := topology.ParseMismatch(refusal(amqp091.PreconditionFailed, reason))
		if !ok || name != want.name || value != want.value {
			t.Errorf("%s:\ngot %s = %#v, %t, want %s = %#v, true", reason, name, value, ok, want.name, want.value)
		}
	}
	for _, err := range []error{
		nil,
		errors.New(begin + "'x-max-age' for queue 'p' in vhost '/': received '6h' but current is '1m'"),
		refusal(amqp091.NotFound, begin+"'x-max-age' for queue 'p' in vhost '/': received '6h' but current is '1m'"),
		refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'p' in vhost '/': invalid_max_age"),
		refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - argument 'x-max-age' of queue 'p' differs"),
	} {
		if name, value, ok := topology.ParseMismatch(err); ok {
			t.Errorf("ParseMismatch(%v) = %s, %#v, true, want false", err, name, value)
		}
	}
}

// The texts are those of RabbitMQ 3.8 and 3.10.
func TestLacksStreams_IsTrueOnlyForThoseRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{refusal(amqp091.InternalError, "INTERNAL_ERROR - Cannot declare a queue 'queue 'x' in vhost '/'' of type 'rabbit_stream_queue' on node 'n': the corresponding feature flag is disabled"), true},
		{refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'x' in vhost '/': invalid_queue_type"), true},
		{refusal(amqp091.NotImplemented, "NOT_IMPLEMENTED"), true},
		{refusal(amqp091.InternalError, "INTERNAL_ERROR - Cannot declare a queue 'queue 'x' in vhost '/'' on node 'n': coordinator_unavailable"), false},
		{refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'x' in vhost '/': invalid_max_age"), false},
		{refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - cannot declare queue 'x': queue limit in vhost '/' (1) is reached"), false},
		{refusal(amqp091.AccessRefused, "ACCESS_REFUSED"), false},
		{errors.New("any"), false},
		{nil, false},
	} {
		if got := topology.LacksStreams(c.err); got != c.want {
			t.Errorf("LacksStreams(%v) = %t, want %t", c.err, got, c.want)
		}
	}
}
