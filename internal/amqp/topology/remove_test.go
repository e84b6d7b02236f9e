package topology_test

import (
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/topology"
	"ranger/internal/testenv"
)

// Nothing of a node, nor of its exchanges, remains at the broker.
func TestRemove_DeletesEverything(t *testing.T) {
	t.Parallel()
	for name, queue := range map[string]bool{"stream": false, "queue": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testenv.RabbitMQ(t)
			cfg := amqptest.NewConfig(t, url)
			cfg.Queue = queue
			testRemove(t, url, cfg)
		})
	}
	if err := topology.Remove(t.Context(), "amqp://127.0.0.1:1/", topology.Config{}); err == nil {
		t.Error("without a broker: got no error, want one")
	}
}

func testRemove(t *testing.T, url string, cfg topology.Config) {
	t.Helper()
	g := newGuarded(url, cfg)
	g.connect(t)
	g.check(t)
	g.conn.Close()
	p := amqptest.NewPeer(t, url)
	orders, trades := cfg.Exchanges.Orders, cfg.Exchanges.Trades
	queues := []string{cfg.Source(), amqptest.Probe(cfg, orders), amqptest.Probe(cfg, trades), topology.RunQueue(cfg, g.conn.Address())}
	exchanges := []string{orders, trades, amqptest.Canary(cfg, orders), amqptest.Canary(cfg, trades)}
	look := func(want int) {
		t.Helper()
		for _, q := range queues {
			if code := p.Try(func(ch *amqp091.Channel) error {
				_, err := ch.QueueDeclarePassive(q, false, false, false, false, nil)
				return err
			}); code != want {
				t.Errorf("queue %s: got %d, want %d", q, code, want)
			}
		}
		for _, x := range exchanges {
			if code := p.Try(func(ch *amqp091.Channel) error {
				return ch.ExchangeDeclarePassive(x, "fanout", false, false, false, false, nil)
			}); code != want {
				t.Errorf("exchange %s: got %d, want %d", x, code, want)
			}
		}
	}
	look(0)
	for range 2 { // what does not exist is no error
		if err := topology.RemoveWithin(t.Context(), url, cfg, amqptest.Timeouts()); err != nil {
			t.Error(err)
		}
		look(amqp091.NotFound)
	}
}
