package amqp_test

import (
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

const shortAge = "HISTORY_TTL"

// A stream that exists is taken as it is; where it keeps less than the window,
// the log says so.
func TestStreamStandsOtherwise(t *testing.T) {
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
			cfg := newConfig(t, testenv.RabbitMQ(t))
			p := newPeer(t, cfg.URL)
			c.args["x-queue-type"] = "stream"
			if code := p.queue(cfg.Stream, true, c.args); code != 0 {
				t.Fatalf("declare the stream: refused with %d", code)
			}
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			want := 0
			if c.warn {
				want = 1
			}
			if got := n.log.count(says(shortAge)); got != want {
				t.Errorf("got %d warnings, want %d", got, want)
			}
			if got := n.log.count(says("will reconnect")); got != 0 {
				t.Errorf("it was not taken at once: %v", n.log.items)
			}
			if code := p.queue(cfg.Stream, true, c.args); code != 0 {
				t.Errorf("the stream is not as it was: refused with %d", code)
			}
			alices := n.tap(t, alice)
			p.send(cfg, order(1))
			alices.await(t, idText(1))
		})
	}
}

// A queue of another type with the stream's name is said to be in the way, until
// it has gone.
func TestQueueInTheStreamsPlace(t *testing.T) {
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
			cfg := newConfig(t, testenv.RabbitMQ(t))
			p := newPeer(t, cfg.URL)
			if code := p.queue(cfg.Stream, c.durable, c.args); code != 0 {
				t.Fatalf("declare the queue: refused with %d", code)
			}
			n := startNode(t, cfg)
			n.awaitLog(t, "AMQP_STREAM")
			n.awaitLog(t, "AMQP_STREAM") // it keeps trying
			if got := n.source.Status(); got.State != amqp.Connecting || got.Error == nil || got.CaughtUp {
				t.Errorf("status: got %+v, want connecting with an error", got)
			}
			p.deleteQueue(cfg.Stream)
			n.awaitFollowing(t)
		})
	}
}

// Another connection's exclusive queue cannot even be looked at.
func TestExclusiveQueueInTheStreamsPlace(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	if _, err := p.ch.QueueDeclare(cfg.Stream, false, false, true, false, nil); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, cfg)
	n.awaitLog(t, "AMQP_STREAM")
	if err := p.conn.Close(); err != nil { // which ends the queue
		t.Fatal(err)
	}
	n.awaitFollowing(t)
}

// What the broker refuses for another cause is not blamed on missing streams.
func TestStreamRefusedOtherwise(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.MaxAge = -time.Hour // the broker takes no such age
	n := startNode(t, cfg)
	if got := n.awaitLog(t, "declare stream"); says("AMQP_SOURCE")(got) {
		t.Errorf("got %v, want no word of AMQP_SOURCE", got)
	}
}
