package amqp_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/publish"
	"ranger/internal/amqp/topology"
	"ranger/internal/testenv"
)

// testAccess: an operator's mistake is logged with the variables to check, and the
// node tries again until it is corrected.
func testAccess(t *testing.T, b *testenv.Broker) {
	amqptest.Eval(b, amqptest.EnableFeatures)
	newConfig := func(t *testing.T, url string) amqp.Config {
		t.Helper()
		cfg := newConfigOn(t, b.URL) // guest may delete its names
		cfg.URL = url
		return cfg
	}
	const own = "^(stream-[A-Z0-9]*$|orders-|trades-"
	denied := []string{"nocanary", "nobinding", "noprobe"}
	users := []string{amqptest.AddUser("outside", "right")}
	for user, may := range map[string][3]string{ // configure, write and read
		"locked":    {".*", ".*", ".*"},
		"nothing":   {"", "", ""},
		"nomarker":  {".*", "^(stream|orders|trades)-", ".*"},
		"ranger":    {".*", ".*", ".*"},
		"nocanary":  {own + "|.*(probe|run))", ".*", ".*"},
		"nobinding": {".*", "^(stream-|amq.default$)", ".*"},
		"noprobe":   {own + "|.*(alive|run))", ".*", ".*"},
		"onlytrade": {own + "|.*(alive|probe)[.]trades-|.*run)", ".*", ".*"},
		"norun":     {own + "|.*(alive|probe))", ".*", ".*"},
	} {
		users = append(users, amqptest.AddUser(user, "right"), amqptest.Permit(user, "/", may[0], may[1], may[2]))
	}
	amqptest.Eval(b, users...)

	for _, c := range []struct {
		name, user, password, vhost string
		advice                      string
		fix                         []string
	}{
		{
			"password", "locked", "wrong", "", "RABBITMQ_PASSWORD",
			[]string{amqptest.ChangePassword("locked", "wrong")},
		},
		{
			"user", "nobody", "right", "", "RABBITMQ_USER",
			[]string{amqptest.AddUser("nobody", "right"), amqptest.PermitAll("nobody", "/")},
		},
		{
			"a password like a scheme", "odd", "amqps:x", "", "RABBITMQ_USER",
			[]string{amqptest.AddUser("odd", "amqps:x"), amqptest.PermitAll("odd", "/")},
		},
		{
			"vhost", "guest", "guest", "absent", "RABBITMQ_VHOST",
			[]string{amqptest.AddVHost("absent"), amqptest.PermitAll("guest", "absent")},
		},
		{
			"no access to the vhost", "outside", "right", "", "RABBITMQ_VHOST",
			[]string{amqptest.PermitAll("outside", "/")},
		},
		{
			"no permissions", "nothing", "right", "", "lacks a permission",
			[]string{amqptest.PermitAll("nothing", "/")},
		},
		{
			"no permission to publish markers", "nomarker", "right", "", "write on the default exchange",
			[]string{amqptest.PermitAll("nomarker", "/")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := startNode(t, newConfig(t, amqptest.As(b, c.user, c.password, c.vhost)))
			n.awaitLog(t, c.advice)
			n.awaitLog(t, c.advice) // it keeps trying
			if got := n.source.Status(); got.Error == nil || got.CaughtUp {
				t.Errorf("got status %+v, want an Error and not CaughtUp", got)
			}
			amqptest.Eval(b, c.fix...)
			n.awaitFollowing(t)
			if got := n.log.count(says(c.password + "@")); got != 0 {
				t.Errorf("got %d log lines with a password, want none", got)
			}
		})
	}

	for _, user := range denied {
		t.Run(user, func(t *testing.T) {
			testDenied(t, b, user)
		})
	}

	t.Run("onlytrade", func(t *testing.T) {
		testHalfDenied(t, b, "onlytrade")
	})

	t.Run("norun", func(t *testing.T) {
		testRunDenied(t, b, "norun")
	})

	// The node reconnects if the broker's operator closes its connections.
	t.Run("closed by the operator", func(t *testing.T) {
		cfg := newConfig(t, amqptest.As(b, "ranger", "right", ""))
		n, alices := startFollowing(t, cfg)
		cfg.URL = b.URL
		f := startFlood(t, cfg, 0)
		for i := range 3 {
			alices.await(t, idText(200*(i+1)))
			amqptest.Eval(b, amqptest.CloseConnections("ranger"))
			n.awaitLog(t, amqptest.CloseReason)
			n.awaitFollowing(t)
		}
		f.stop()
		amqptest.NewPeer(t, b.URL).Send(cfg.Exchanges, order(f.next))
		checkNumbers(t, numbers(t, alices.await(t, idText(f.next))), f.confirmed)
	})
}

// If no broker listens, the log says what to check.
func TestSource_LogsAdviceWithoutBroker(t *testing.T) {
	t.Parallel()
	proxy := amqptest.NewProxy(t, testenv.RabbitMQ(t))
	proxy.Block()
	cfg := newConfig(t)
	cfg.URL = proxy.URL
	n := startNode(t, cfg)
	n.awaitLog(t, "RABBITMQ_HOST") // the connection is closed without a reply
	n.awaitLog(t, "RABBITMQ_HOST")
	proxy.Unblock()
	n.awaitFollowing(t)

	var listen net.ListenConfig
	ln, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.URL = "amqp://guest:guest@" + ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	startNode(t, cfg).awaitLog(t, "RABBITMQ_HOST")
}

// The parser's error quotes the URL, and with it the password.
func TestSource_DoesNotLogBadURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"amqp://guest:hunter2@127.0.0.1:port",
		"amqp://guest:hun#ter2@127.0.0.1:5672",
		"http://guest:hunter2@127.0.0.1:5672",
		"amqp://guest:hunter2@127.0.0.1:5672/?heartbeat=hunter2",
		"hunter2",
		"",
	} {
		n := startNode(t, amqp.Config{URL: url})
		n.awaitLog(t, "RABBITMQ_URL")
		n.stop(t)
		if text := fmt.Sprint(n.log.all()); strings.Contains(text, "hun") || strings.Contains(text, "ter2") {
			t.Errorf("got the log %s for %q, want one without the URL", text, url)
		}
		if _, err := publish.NewPublisher(t.Context(), url, topology.Exchanges{}); err == nil || strings.Contains(err.Error(), "ter2") {
			t.Errorf("NewPublisher(%q): got error %v, want one without the URL", url, err)
		}
	}
}
