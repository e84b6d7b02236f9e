package main_test

import (
	"encoding/json"
	"flag"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/ledger"
)

// soak makes the runs long and the load high: `make soak`.
var soak = flag.Bool("soak", false, "long runs at full load")

// load is how much is published to how many, and for how long.
type load struct {
	users, rate int
	duration    time.Duration // of chaos
	every       time.Duration // between faults
}

// newLoad returns the load of a test, which runs beside others where it is low.
func newLoad(t *testing.T) load {
	t.Helper()
	if *soak {
		return load{users: 500, rate: 1000, duration: time.Minute, every: 5 * time.Second}
	}
	t.Parallel()
	return load{users: 60, rate: 100, duration: 20 * time.Second, every: 2 * time.Second}
}

func (l load) config() ledger.Config {
	return ledger.Config{Users: l.users, Rate: l.rate, Duration: time.Hour, Settle: time.Minute, Heartbeat: heartbeat}
}

// pass lets the run go on for a while.
func (l load) pass() { <-time.After(l.every) }

// wantNothingWrong is what every run has to end with where the broker keeps what
// it confirmed.
func wantNothingWrong(t testing.TB, r ledger.Report) {
	t.Helper()
	if !r.Good() {
		t.Errorf("lost %d, unannounced %d, duplicated %d, reordered %d, misdelivered %d, broken %d of %d confirmed; want 0 each",
			r.Lost, r.Unannounced, r.Duplicated, r.Reordered, r.Misdelivered, r.Broken, r.Confirmed)
	}
}

// TestChaos has the ledger judge three nodes of which one or another is killed,
// terminated, stopped for a while or parted from the broker, while clients'
// connections break too. It names I1, I2 and I3.
func TestChaos(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, 3)
	clients := newConnections()
	cfg := l.config()
	cfg.Dial = clients.dial
	r := c.ledger(cfg, func() { c.chaos(l, clients) })
	wantNothingWrong(t, r)
	if r.NotResumed > 0 {
		t.Errorf("%d resumes were refused, want 0", r.NotResumed)
	}
}

// TestRollingRestart terminates one node after the other. It names I2.
func TestRollingRestart(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, 3)
	r := c.ledger(l.config(), func() {
		for _, n := range c.nodes {
			l.pass()
			c.terminate(n)
		}
		l.pass()
	})
	wantNothingWrong(t, r)
	if r.Closes[1012] == 0 {
		t.Error("no client was told to come back, with 1012")
	}
}

// TestBrokerKilledUnderLoad cuts the broker's power. Its exchanges are durable,
// and the publisher sends again what was not confirmed.
func TestBrokerKilledUnderLoad(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, 2, "AMQP_EXCHANGE_DURABLE=true")
	c.durable = true
	r := c.ledger(l.config(), func() { c.killBroker(l) })
	wantNothingWrong(t, r)
}

// TestPeatiosExchangesLost cuts the broker's power, and with it Peatio's
// exchanges go, which are not durable. Whatever is lost is told.
func TestPeatiosExchangesLost(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, 2)
	cfg := l.config()
	cfg.NoRetry = true
	cfg.Cut = l.every
	wantAnnounced(t, c.ledger(cfg, func() { c.killBroker(l) }))
}

// killBroker kills the broker, and returns when all nodes follow it again. Where
// exchanges are durable, the publisher comes back after them: for half a second
// after its start RabbitMQ 3.10 confirms what it drops, since the stream is not up
// yet. Where they are not, it comes back when it can, and what it loses is told.
func (c *cluster) killBroker(l load) {
	l.pass()
	marks := make([]int, len(c.nodes))
	for i, n := range c.nodes {
		marks[i] = len(n.log())
	}
	func() {
		if c.durable {
			c.restart.Lock()
			defer c.restart.Unlock() // also where a node never comes back
		}
		c.broker.run("kill")
		c.broker.run("start")
		for i, n := range c.nodes {
			n.awaitLogAfter(marks[i], "caught up")
		}
	}()
	l.pass()
}

// wantAnnounced is what every run has to end with where somebody breaks what
// feeds the stream.
func wantAnnounced(t testing.TB, r ledger.Report) {
	t.Helper()
	if r.Unannounced+r.Duplicated+r.Reordered+r.Misdelivered+r.Broken > 0 || r.Confirmed == 0 || r.Gaps < r.Clients {
		t.Errorf("unannounced %d, duplicated %d, reordered %d, misdelivered %d, broken %d of %d confirmed, %d gaps told to %d clients; want 0 each, and all told",
			r.Unannounced, r.Duplicated, r.Reordered, r.Misdelivered, r.Broken, r.Confirmed, r.Gaps, r.Clients)
	}
}

// TestFeedBroken breaks what feeds the stream, under load, in each way there is:
// clients are told of the gap within 10 s, and delivery goes on by itself.
func TestFeedBroken(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, 2)
	do := func(what string, f func(*amqp091.Channel) error) {
		ch, err := c.conn.Channel()
		check(t, err)
		defer ch.Close() //nolint:errcheck // the test goes on
		t.Log(what)
		check(t, f(ch))
	}
	breaks := []struct {
		what string
		f    func(*amqp091.Channel) error
	}{
		{"exchange deleted", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(c.orders, false, false) }},
		{"exchange deleted and declared anew", func(ch *amqp091.Channel) error {
			if err := ch.ExchangeDelete(c.trades, false, false); err != nil {
				return err
			}
			return ch.ExchangeDeclare(c.trades, amqp091.ExchangeHeaders, false, false, false, false, nil)
		}},
		{"binding removed", func(ch *amqp091.Channel) error { return ch.QueueUnbind(c.stream, "", c.orders, nil) }},
		{"stream deleted", func(ch *amqp091.Channel) error {
			_, err := ch.QueueDelete(c.stream, false, false, false)
			return err
		}},
	}
	cfg := l.config()
	cfg.NoRetry, cfg.Settle = true, 10*time.Second // some events will never come
	r := c.ledger(cfg, func() {
		s := dial(t, c.nodes[0].process, nil)
		s.send(`{"jwt":"Bearer ` + c.token(alice) + `","resume":true}`)
		for _, b := range breaks {
			l.pass()
			do(b.what, b.f)
			broken := time.Now()
			s.awaitGap(broken)
			told := time.Since(broken)
			t.Logf("%s: told after %v", b.what, told.Round(time.Millisecond))
			if told > 10*time.Second {
				t.Errorf("%s was told after %v, want 10 s at most", b.what, told)
			}
		}
		l.pass()
	})
	wantAnnounced(t, r)
}

// awaitGap reads until a gap is told that ends after the instant.
func (s *socket) awaitGap(after time.Time) {
	s.t.Helper()
	for {
		var m struct {
			Gap struct{ To int64 }
		}
		check(s.t, json.Unmarshal([]byte(s.read()), &m))
		if m.Gap.To >= after.UnixMilli() {
			return
		}
	}
}
