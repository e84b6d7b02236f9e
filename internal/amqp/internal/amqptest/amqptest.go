// Package amqptest gives the tests of internal/amqp and its subpackages a client of
// RabbitMQ that is not theirs, names of their own at the broker, a proxy that edits
// frames, and changes of a broker's settings. Only tests import it.
package amqptest

import (
	"crypto/rand"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/topology"
	"ranger/internal/testenv"
)

// Never is longer than a test can last.
const Never = 24 * time.Hour

// Timeouts returns timeouts that no test reaches, because a slow machine is not a
// broken broker. Close keeps its default: a test may wait for it in full.
func Timeouts() conn.Timeouts {
	return conn.Timeouts{Handshake: Never, Heartbeat: Never, Answer: Never}
}

// Node is the name of the node in NewConfig.
const Node = "node-a"

// NewConfig returns a Config with names that no other test uses. When the test ends,
// everything with these names is deleted from the broker at url, also what a node
// that reads a queue has declared.
func NewConfig(tb testing.TB, url string) topology.Config {
	tb.Helper()
	name := rand.Text()
	cfg := topology.Config{
		Node:      Node,
		Stream:    "stream-" + name,
		Exchanges: topology.Exchanges{Orders: "orders-" + name, Trades: "trades-" + name},
	}
	tb.Cleanup(func() {
		c, err := Dial(url)
		if err != nil {
			return // a broker of the test's own, which has ended
		}
		defer c.Close() //nolint:errcheck // nothing depends on it
		if err := deleteAll(c, cfg); err != nil {
			tb.Errorf("delete the test's names at the broker: %v", err)
		}
	})
	return cfg
}

func deleteAll(c *amqp091.Connection, cfg topology.Config) error {
	ch, err := c.Channel()
	if err != nil {
		return err
	}
	for _, queue := range []bool{false, true} {
		cfg.Queue = queue
		for _, name := range []string{cfg.Source(), Probe(cfg, cfg.Exchanges.Orders), Probe(cfg, cfg.Exchanges.Trades)} {
			if _, err := ch.QueueDelete(name, false, false, false); err != nil {
				return err
			}
		}
	}
	for _, x := range cfg.Exchanges.All() { // and with it its canaries
		if err := ch.ExchangeDelete(x.Name, false, false); err != nil {
			return err
		}
	}
	return nil
}

// Canary returns the name of the canary of an exchange.
func Canary(cfg topology.Config, exchange string) string { return cfg.Source() + ".alive." + exchange }

// Probe returns the name of the binding probe of an exchange.
func Probe(cfg topology.Config, exchange string) string { return cfg.Source() + ".probe." + exchange }

// Dial opens a connection that waits for the broker as long as a test does.
func Dial(url string) (*amqp091.Connection, error) {
	return amqp091.DialConfig(url, amqp091.Config{
		Heartbeat: Never, // the broker sends them more often
		Locale:    "en_US",
		Dial:      amqp091.DefaultDial(testenv.Patience),
	})
}
