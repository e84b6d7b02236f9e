package amqp_test

import (
	"flag"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
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

// soon is a CheckInterval for tests that wait for checks.
const soon = 400 * time.Millisecond

// alice and bob are the users that most messages are for.
const alice, bob = amqptest.Alice, amqptest.Bob

// newConfig returns a Config for the broker that all tests share; see newConfigOn.
func newConfig(tb testing.TB) amqp.Config {
	tb.Helper()
	return newConfigOn(tb, testenv.RabbitMQ(tb))
}

// newConfigOn returns a Config with unlimited limits for the broker at url. No other
// test uses the names in it; they are deleted when the test ends.
func newConfigOn(tb testing.TB, url string) amqp.Config {
	tb.Helper()
	return amqp.Config{URL: url, Config: amqptest.NewConfig(tb, url)}.Within(unlimited())
}

// eachMode runs a test in parallel for each kind of deliveries, with different names
// at the broker.
//
// The tests that do so are those of what depends on deliveries: their order, what is
// delivered again, truncated, dropped or unreadable, how a connection or the consumer
// ends, and what waits for the reader. All other tests are about the broker's objects
// and settings, which are no different with other deliveries, so they run with the
// default. Tests with several nodes that must agree give some of them the one kind and
// some the other (see withPortable), which costs no time.
func eachMode(t *testing.T, test func(t *testing.T, cfg amqp.Config)) {
	t.Helper()
	t.Parallel()
	for name, portable := range map[string]bool{"fast": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t)
			cfg.Portable = portable
			test(t, cfg)
		})
	}
}

// withPortable returns cfg for a node with portable deliveries.
func withPortable(cfg amqp.Config) amqp.Config {
	cfg.Portable = true
	return cfg
}

// unlimited returns limits that no test reaches. Close, End and Grace keep their
// defaults: a test waits for them in full.
func unlimited() amqp.Limits {
	return amqp.Limits{
		Timeouts: amqptest.Timeouts(),
		Record:   amqptest.Never, Window: amqptest.Never, Silence: amqptest.Never,
	}
}

// withSilence returns cfg with a silence limit of 5 s: the broker may drop a marker
// without notice while a stream starts. On a slow machine the node may need some more
// connections.
func withSilence(cfg amqp.Config) amqp.Config {
	l := unlimited()
	l.Silence = 5 * time.Second
	return cfg.Within(l)
}

// withGrace is withSilence, for a node that does not take a message for lost because
// a slow machine delivers it late.
func withGrace(cfg amqp.Config) amqp.Config {
	l := unlimited()
	l.Silence, l.Grace = 5*time.Second, 5*time.Second
	return cfg.Within(l)
}

// behindProxy returns cfg with a proxy in front of its broker, and the proxy.
func behindProxy(tb testing.TB, cfg amqp.Config) (amqp.Config, *amqptest.Proxy) {
	tb.Helper()
	p := amqptest.NewProxy(tb, cfg.URL)
	cfg.URL = p.URL
	return cfg, p
}

// The types of the records that nodes write into the stream.
const markerType, gapType = "ranger.marker", "ranger.gap"

// order, trade and idText are short for what amqptest has.
var (
	order  = amqptest.Order
	trade  = amqptest.Trade
	idText = amqptest.IDText
)
