package conn_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
)

// refusal returns an error as the broker's.
func refusal(code int, reason string) error {
	return fmt.Errorf("declare: %w", &amqp091.Error{Code: code, Reason: reason, Server: true})
}

func TestAdvice_FitsTheError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("any"), ""},
		{amqp091.ErrCredentials, "RABBITMQ_PASSWORD"},
		{refusal(amqp091.AccessRefused, "no"), "lacks a permission"},
		{refusal(amqp091.AccessRefused, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use"), "NODE_NAME"},
		{refusal(amqp091.NotAllowed, "no"), "RABBITMQ_VHOST"},
		{refusal(amqp091.InternalError, "Feature `x` is deprecated."), "deprecated_features.permit"},
		{fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Err: errors.New("refused")}), "RABBITMQ_HOST"},
		{fmt.Errorf("look: %w", conn.ErrTimeout), "does not answer"},
		{fmt.Errorf("look: %w", conn.WithAdvice(amqp091.ErrCredentials, "do this")), "do this"},
		{refusal(amqp091.ConnectionForced, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"), "wait until it is up"},
		{refusal(amqp091.FrameError, "no"), "not AMQP 0-9-1"},
		{&amqp091.Error{Code: amqp091.FrameError, Reason: "EOF"}, ""},
		{refusal(amqp091.InternalError, "no"), "its log has the cause"},
		{refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - queue 'ranger' in vhost '/' does not have a running replica on the local node"), "add_replica"},
		{refusal(amqp091.PreconditionFailed, "PRECONDITION_FAILED - inequivalent arg"), ""},
		{amqp091.ErrClosed, ""},
	} {
		got := conn.Advice(c.err)
		if !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("Advice(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestAdvised_AppendsTheAdvice(t *testing.T) {
	t.Parallel()
	err := conn.Advised(conn.WithAdvice(amqp091.ErrClosed, "do this"))
	if want := amqp091.ErrClosed.Error() + "; do this"; err.Error() != want || !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := conn.Advised(amqp091.ErrClosed); err != amqp091.ErrClosed { //nolint:errorlint // the same one
		t.Errorf("an error without advice becomes %v, want it unchanged", err)
	}
	if err := conn.Advised(nil); err != nil {
		t.Errorf("Advised(nil) = %v, want nil", err)
	}
}

func TestIsCode_IsTrueOnlyForThatReplyCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{refusal(amqp091.NotFound, "no queue"), true},
		{refusal(amqp091.AccessRefused, "no"), false},
		{errors.New("404"), false},
		{nil, false},
	} {
		if got := conn.IsCode(c.err, amqp091.NotFound); got != c.want {
			t.Errorf("IsCode(%v, 404) = %t, want %t", c.err, got, c.want)
		}
	}
}
