package amqp_test

import (
	"crypto/rand"
	"flag"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

func TestMain(m *testing.M) {
	// Tests here mostly wait for brokers; testenv.Heavy bounds those that need CPU.
	// -parallel overrides it.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// soon is a LookEvery for tests that wait for looks.
const soon = 400 * time.Millisecond

// never is longer than a test can last.
const never = 24 * time.Hour

// unlimited returns limits that no test reaches. Goodbye, End and Straggle keep their
// defaults: a test waits for them in full.
func unlimited() amqp.Limits {
	return amqp.Limits{Handshake: never, Heartbeat: never, Answer: never, Record: never, Window: never, Silence: never}
}

// hearing returns cfg with a silence limit of 5 s: the broker may drop a marker
// without notice while a stream starts. On a slow machine the node may take some
// attempts more.
func hearing(cfg amqp.Config) amqp.Config {
	l := unlimited()
	l.Silence = 5 * time.Second
	return cfg.Within(l)
}

// steady returns cfg for a node that does not take a message for lost because a slow
// machine brings it late.
func steady(cfg amqp.Config) amqp.Config {
	l := unlimited()
	l.Silence, l.Straggle = 5*time.Second, 5*time.Second
	return cfg.Within(l)
}

// newConfig returns a Config with names of its own on the broker at url; what
// bears them is deleted when the test ends. Looks are rare, and nothing is given up
// because it takes long.
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
		c, err := dialPatiently(url)
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
	return cfg.Within(unlimited())
}

// canary and witness are what watches over an exchange.
func canary(cfg amqp.Config, exchange string) string  { return cfg.Stream + ".alive." + exchange }
func witness(cfg amqp.Config, exchange string) string { return cfg.Stream + ".witness." + exchange }

// dialPatiently opens a connection that waits for the broker for as long as a test.
func dialPatiently(url string) (*amqp091.Connection, error) {
	return amqp091.DialConfig(url, amqp091.Config{
		Heartbeat: never, // the broker wants more of them
		Locale:    "en_US",
		Dial:      amqp091.DefaultDial(testenv.Patience),
	})
}

func second[T any](_ T, err error) error { return err }
