package amqp_test

import (
	"strings"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
)

// An existing stream is used as it is. If it keeps less than the window, the log says
// so.
func TestTopology_UsesExistingStream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args amqp091.Table
		warn bool
	}{
		"no arguments":       {amqp091.Table{}, false},
		"shorter than TTL":   {amqp091.Table{"x-max-age": "14m"}, true},
		"as long as TTL":     {amqp091.Table{"x-max-age": "15m"}, false},
		"very long":          {amqp091.Table{"x-max-age": "300Y"}, false},
		"many seconds":       {amqp091.Table{"x-max-age": "100000s"}, false},
		"length of int":      {amqp091.Table{"x-max-length-bytes": 5_000_000}, false},
		"all other":          {amqp091.Table{"x-max-age": "30s", "x-max-length-bytes": int64(1e7), "x-stream-max-segment-size-bytes": int64(1e6)}, true},
		"more arguments":     {amqp091.Table{"x-queue-leader-locator": "client-local", "x-initial-cluster-size": 1, "x-max-age": "1m"}, true},
		"more and no age":    {amqp091.Table{"x-queue-leader-locator": "least-leaders"}, false},
		"of the same length": {amqp091.Table{"x-max-length-bytes": int64(1 << 30)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t)
			p := amqptest.NewPeer(t, cfg.URL)
			p.DeclareStream(cfg.Stream, c.args)
			n, alices := startFollowing(t, cfg)
			want := 0
			if c.warn {
				want = 1
			}
			if got := n.log.count(says("HISTORY_TTL")); got != want {
				t.Errorf("got %d warnings, want %d", got, want)
			}
			n.checkKeptConnection(t)
			p.DeclareStream(cfg.Stream, c.args) // it still has these arguments
			p.Send(cfg.Exchanges, order(1))
			alices.await(t, idText(1))
		})
	}
}

// The text by which a broker refuses a declaration is no protocol. If ranger cannot
// read it, it logs that once and uses the stream.
func TestTopology_UsesExistingStreamIfRefusalIsUnreadable(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	p.DeclareStream(cfg.Stream, amqp091.Table{"x-max-age": "14m"})
	cfg, proxy := behindProxy(t, cfg)
	const reason = "PRECONDITION_FAILED - the arguments of this queue are not the same"
	proxy.Edit(func(frame []byte) []byte {
		if amqptest.MethodOf(frame) == amqptest.ChannelClose && strings.Contains(string(frame), "inequivalent arg") {
			return amqptest.WithReason(frame, reason)
		}
		return frame
	})
	n, alices := startFollowing(t, cfg)
	n.awaitFollowingAfter(t, proxy.Cut) // it looks again
	const unreadable = "cannot read the arguments of the existing queue"
	if got := n.log.count(says(unreadable)); got != 1 {
		t.Errorf("got %d log lines %q, want 1: %v", got, unreadable, n.log.all())
	}
	l, _ := n.log.await(t, "the log line "+unreadable, 0, says(unreadable))
	if !says(reason)(l) || l.attrs["queue"] != cfg.Stream || !says("x-max-age")(l) {
		t.Errorf("got log line %v, want one with the reason %q, queue %s and advice", l, reason, cfg.Stream)
	}
	p.Send(cfg.Exchanges, order(1))
	alices.await(t, idText(1))
}

// A queue of another type with the name of the stream is logged until it is deleted.
func TestTopology_QueueWithNameOfStream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		durable bool
		args    amqp091.Table
	}{
		"classic, durable":     {true, nil},
		"classic, not durable": {false, nil},
		"classic with limits":  {true, amqp091.Table{"x-max-length": 10, "x-max-length-bytes": int64(1 << 20), "x-expires": 600_000}},
		"quorum":               {true, amqp091.Table{"x-queue-type": "quorum"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t)
			p := amqptest.NewPeer(t, cfg.URL)
			if code := p.DeclareQueue(cfg.Stream, c.durable, c.args); code != 0 {
				t.Fatalf("declare the queue: refused with %d", code)
			}
			n := startNode(t, cfg)
			n.awaitLog(t, "AMQP_STREAM")
			n.awaitLog(t, "AMQP_STREAM") // it tries again
			if got := n.source.Status(); got.State != amqp.Connecting || got.Error == nil || got.CaughtUp {
				t.Errorf("got status %+v, want connecting with an Error", got)
			}
			p.DeleteQueue(cfg.Stream)
			n.awaitFollowing(t)
		})
	}
}

// An exclusive queue of another connection cannot even be looked at.
func TestTopology_ExclusiveQueueWithNameOfStream(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	if _, err := p.Channel.QueueDeclare(cfg.Stream, false, false, true, false, nil); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, cfg)
	n.awaitLog(t, "AMQP_STREAM")
	if err := p.Conn.Close(); err != nil { // which ends the queue
		t.Fatal(err)
	}
	n.awaitFollowing(t)
}

// If the broker refuses a stream for another cause, the log does not advise to read a
// queue.
func TestTopology_StreamRefusedForAnotherCause(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.MaxAge = -time.Hour // the broker refuses such an age
	n := startNode(t, cfg)
	if got := n.awaitLog(t, "declare stream"); says("AMQP_SOURCE")(got) {
		t.Errorf("got log line %v, want one without AMQP_SOURCE", got)
	}
}
