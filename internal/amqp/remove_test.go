package amqp_test

import (
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

// TestRemove: of a node, and of its exchanges, nothing stays at the broker.
func TestRemove(t *testing.T) {
	t.Parallel()
	for name, queue := range map[string]bool{"stream": false, "queue": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t, testenv.RabbitMQ(t))
			cfg.Queue = queue
			testRemove(t, cfg)
		})
	}
	if err := amqp.Remove(t.Context(), amqp.Config{URL: "amqp://127.0.0.1:1/"}); err == nil {
		t.Error("there is no broker, and no error")
	}
}

func testRemove(t *testing.T, cfg amqp.Config) {
	t.Helper()
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	n.stop(t)
	p := newPeer(t, cfg.URL)
	own := cfg
	if cfg.Queue {
		own.Stream += "." + cfg.Node
	}
	queues := []string{own.Stream, witness(own, cfg.Exchanges.Orders), witness(own, cfg.Exchanges.Trades)}
	exchanges := []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades, canary(own, cfg.Exchanges.Orders), canary(own, cfg.Exchanges.Trades)}
	look := func(want int) {
		t.Helper()
		for _, q := range queues {
			if code := p.try(func(ch *amqp091.Channel) error {
				return second(ch.QueueDeclarePassive(q, false, false, false, false, nil))
			}); code != want {
				t.Errorf("queue %s: got %d, want %d", q, code, want)
			}
		}
		for _, x := range exchanges {
			if code := p.try(func(ch *amqp091.Channel) error {
				return ch.ExchangeDeclarePassive(x, "fanout", false, false, false, false, nil)
			}); code != want {
				t.Errorf("exchange %s: got %d, want %d", x, code, want)
			}
		}
	}
	look(0)
	for range 2 { // what is not there is no error
		if err := amqp.Remove(t.Context(), cfg); err != nil {
			t.Error(err)
		}
		look(amqp091.NotFound)
	}
}
