package amqp_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

// testAccess: what an operator got wrong is logged with the variables to look at, and tried
// again until it is right.
func testAccess(t *testing.T, b *testenv.Broker) {
	eval(b, enableAll)
	newConfig := func(t *testing.T, url string) amqp.Config {
		t.Helper()
		cfg := newConfig(t, b.URL) // guest may delete it
		cfg.URL = url
		return cfg
	}
	const own = "^(stream-[A-Z0-9]*$|orders-|trades-"
	blind := []string{"nocanary", "nobinding", "nowitness"}
	users := []string{addUser("outside", "right")}
	for user, may := range map[string][3]string{ // what each may configure, write and read
		"locked":    {".*", ".*", ".*"},
		"nothing":   {"", "", ""},
		"nomarker":  {".*", "^(stream|orders|trades)-", ".*"},
		"ranger":    {".*", ".*", ".*"},
		"nocanary":  {own + "|.*witness)", ".*", ".*"},
		"nobinding": {".*", "^(stream-|amq.default$)", ".*"},
		"nowitness": {own + "|.*alive)", ".*", ".*"},
		"onlytrade": {own + "|.*(alive|witness)[.]trades-)", ".*", ".*"},
	} {
		users = append(users, addUser(user, "right"), permit(user, "/", may[0], may[1], may[2]))
	}
	eval(b, users...)

	for _, c := range []struct {
		name, user, password, vhost string
		advice                      string
		mend                        []string
	}{
		{
			"password", "locked", "wrong", "", "RABBITMQ_PASSWORD",
			[]string{changePassword("locked", "wrong")},
		},
		{
			"user", "nobody", "right", "", "RABBITMQ_USER",
			[]string{addUser("nobody", "right"), permitAll("nobody", "/")},
		},
		{
			"a password like a scheme", "odd", "amqps:x", "", "RABBITMQ_USER",
			[]string{addUser("odd", "amqps:x"), permitAll("odd", "/")},
		},
		{
			"vhost", "guest", "guest", "absent", "RABBITMQ_VHOST",
			[]string{addVhost("absent"), permitAll("guest", "absent")},
		},
		{
			"no access to the vhost", "outside", "right", "", "RABBITMQ_VHOST",
			[]string{permitAll("outside", "/")},
		},
		{
			"no permissions", "nothing", "right", "", "lacks a permission",
			[]string{permitAll("nothing", "/")},
		},
		{
			"no permission to publish markers", "nomarker", "right", "", "to write to the default exchange",
			[]string{permitAll("nomarker", "/")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, newConfig(t, as(b, c.user, c.password, c.vhost)))
			n.awaitLog(t, c.advice)
			n.awaitLog(t, c.advice) // it keeps trying
			if got := n.source.Status(); got.Error == nil || got.CaughtUp {
				t.Errorf("status: %+v", got)
			}
			eval(b, c.mend...)
			n.awaitFollowing(t)
			if got := n.log.count(says(c.password + "@")); got != 0 {
				t.Error("a password was logged")
			}
		})
	}

	for _, user := range blind {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			testBlind(t, b, user)
		})
	}

	t.Run("onlytrade", func(t *testing.T) {
		t.Parallel()
		testHalfBlind(t, b, "onlytrade")
	})

	// Connections that the broker's operator closes are opened again.
	t.Run("closed by the operator", func(t *testing.T) {
		t.Parallel()
		cfg := newConfig(t, as(b, "ranger", "right", ""))
		n := startNode(t, cfg)
		n.awaitFollowing(t)
		alices := n.tap(t, alice)
		cfg.URL = b.URL
		f := startFlood(t, cfg, 0)
		for i := range 3 {
			alices.await(t, idText(200*(i+1)))
			eval(b, closeConnections("ranger"))
			n.awaitLog(t, "for a test")
			n.awaitFollowing(t)
		}
		f.stop()
		newPeer(t, b.URL).send(cfg, order(f.next))
		checkNumbers(t, numbers(t, alices.await(t, idText(f.next))), f.confirmed)
	})
}

// Where nobody listens, or somebody else does, the log says where to look.
func TestNoBroker(t *testing.T) {
	t.Parallel()
	parted := newProxy(t, testenv.RabbitMQ(t))
	parted.part()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.URL = parted.url
	n := startNode(t, cfg)
	n.awaitLog(t, "RABBITMQ_HOST") // the connection is closed without a word
	n.awaitLog(t, "RABBITMQ_HOST")
	parted.join()
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

// A parser's error quotes the URL, and with it the password.
func TestBadURLIsNotLogged(t *testing.T) {
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
		if text := fmt.Sprint(n.log.items); strings.Contains(text, "hun") || strings.Contains(text, "ter2") {
			t.Errorf("the log of %q shows it: %s", url, text)
		}
		if _, err := amqp.NewPublisher(t.Context(), url, amqp.Exchanges{}); err == nil || strings.Contains(err.Error(), "ter2") {
			t.Errorf("a publisher's error for %q: %v", url, err)
		}
	}
}
