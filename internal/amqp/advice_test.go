package amqp_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("any"), ""},
		{amqp091.ErrCredentials, "RABBITMQ_PASSWORD"},
		{refusal(amqp091.AccessRefused, "no"), "lacks a permission"},
		{refusal(amqp091.NotAllowed, "no"), "RABBITMQ_VHOST"},
		{fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Err: errors.New("refused")}), "RABBITMQ_HOST"},
		{refusal(amqp091.ConnectionForced, "the operator"), ""},
		{amqp091.ErrClosed, ""},
	} {
		got := amqp.Advice(c.err)
		if !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("advice about %v: got %q, want %q", c.err, got, c.want)
		}
	}
}

// The words are those of RabbitMQ 3.8 and 3.10.
func TestKnowsNoStreams(t *testing.T) {
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
		if got := amqp.KnowsNoStreams(c.err); got != c.want {
			t.Errorf("%v: got %t, want %t", c.err, got, c.want)
		}
	}
}

// A marker counts once, and only with its own id, type and way.
func TestSeeMarker(t *testing.T) {
	t.Parallel()
	const good = `{"node":"node-a","id":"ABC","n":1,"at":1534776439123}`
	for _, c := range []struct {
		exchange, typ, body string
		want                bool
	}{
		{"", "ranger.marker", good, true},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":1,"at":1534776439123,"looked":1534776439000}`, true},
		{"peatio.trade", "ranger.marker", good, false},
		{"", "", good, false},
		{"", "ranger.gap", good, false},
		{"", "ranger.marker", `{"node":"node-a","id":"ABCD","n":1,"at":1534776439123}`, false},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":2,"at":1534776439123}`, false},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":"1","at":1534776439123}`, false},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":1}`, false},
		{"", "ranger.marker", `node-a/ABC/1`, false},
		{"", "ranger.marker", ``, false},
	} {
		if got := amqp.SeesMarker("ABC", 1, &amqp091.Delivery{Exchange: c.exchange, Type: c.typ, Body: []byte(c.body)}); got != c.want {
			t.Errorf("%+v: seen as number 1: %t, want %t", c, got, c.want)
		}
	}
}

// At most a line a second and a reason, a minute for what Peatio broadcasts.
func TestUnroutedLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l logged
		report := amqp.NewUnroutedLog(slog.New(&l))
		for i := range uint64(1200) { // 2 minutes
			report(i, "x", event.NotJSON)
			report(i, "x", event.Broadcast)
			time.Sleep(100 * time.Millisecond) //nolint:forbidigo // in a bubble
		}
		for reason, want := range map[event.Reason]int{event.NotJSON: 120, event.Broadcast: 2} {
			lines := 0
			l.count(func(l line) bool {
				if l.attrs["reason"] != string(reason) {
					return false
				}
				skipped, between := l.attrs["suppressed"].(int64), int64(1200/want-1)
				if lines++; lines > 1 && skipped != between {
					t.Errorf("%s: a line stands for %d more, want %d", reason, skipped, between)
				}
				return true
			})
			if lines != want {
				t.Errorf("%s: got %d lines, want %d", reason, lines, want)
			}
		}
	})
}

func TestState(t *testing.T) {
	t.Parallel()
	for state, want := range map[amqp.State]string{
		amqp.Connecting: "connecting", amqp.Reading: "reading", amqp.Following: "following", 99: "unknown",
	} {
		if got := state.String(); got != want {
			t.Errorf("state %d: got %s, want %s", state, got, want)
		}
	}
	if got := len(amqp.States()); got != 3 {
		t.Errorf("there are %d states", got)
	}
	if got := amqp.StatusAfter(amqp.Reading, amqp.Following, amqp.Connecting); got.State != amqp.Connecting || !got.CaughtUp {
		t.Errorf("status of a node that has lost its broker: %+v", got)
	}
}
