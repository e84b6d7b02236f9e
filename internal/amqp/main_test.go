package amqp_test

import (
	"crypto/rand"
	"flag"
	"os"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"ranger/internal/amqp"
)

func TestMain(m *testing.M) {
	// They wait for brokers, seldom for a processor. An argument overrides it.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what has to happen.
const patience = 40 * time.Second

// soon is a LookEvery for tests that wait for looks. Twice as long without a
// message is silence, so a slow machine must not be mistaken for it.
const soon = 400 * time.Millisecond

// slack is what a busy machine may add to a time that is checked.
const slack = 3 * time.Second

// sharedURL is the URL of the broker that tests share.
func sharedURL(tb testing.TB) string {
	tb.Helper()
	url := os.Getenv("RABBITMQ_URL") //nolint:forbidigo // scripts/services says here where the broker is
	if url == "" {
		tb.Fatal("RABBITMQ_URL is not set: run the tests as `scripts/services go test ./...`")
	}
	return url
}

// newConfig returns a Config with names of its own on the broker at url; what
// bears them is deleted when the test ends. Looks are rare.
func newConfig(tb testing.TB, url string) amqp.Config {
	tb.Helper()
	name := rand.Text()
	cfg := amqp.Config{
		URL:       url,
		Node:      "node-a",
		Stream:    "stream-" + name,
		Exchanges: amqp.Exchanges{Orders: "orders-" + name, Trades: "trades-" + name},
	}
	tb.Cleanup(func() {
		c, err := amqp091.Dial(url)
		if err != nil {
			return // a broker of the test's own, which has ended
		}
		defer c.Close() //nolint:errcheck // nothing depends on it
		ch, err := c.Channel()
		if err != nil {
			tb.Errorf("delete the test's topology: %v", err)
			return
		}
		for _, err := range []error{
			second(ch.QueueDelete(cfg.Stream, false, false, false)),
			second(ch.QueueDelete(witness(cfg, cfg.Exchanges.Orders), false, false, false)),
			second(ch.QueueDelete(witness(cfg, cfg.Exchanges.Trades), false, false, false)),
			ch.ExchangeDelete(cfg.Exchanges.Orders, false, false), // and with it its canary
			ch.ExchangeDelete(cfg.Exchanges.Trades, false, false),
		} {
			if err != nil {
				tb.Errorf("delete the test's topology: %v", err)
			}
		}
	})
	return cfg
}

// canary and witness are what watches over an exchange.
func canary(cfg amqp.Config, exchange string) string  { return cfg.Stream + ".alive." + exchange }
func witness(cfg amqp.Config, exchange string) string { return cfg.Stream + ".witness." + exchange }

func second[T any](_ T, err error) error { return err }
