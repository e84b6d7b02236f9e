package amqp_test

import (
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/brokerurl"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// I2: when connections end in the middle of a flood, everything that was confirmed
// comes once and in order, and is counted once.
func TestSource_LosesNothingWhenConnectionsEnd(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		testenv.Heavy(t)
		testConnectionsEnd(t, cfg).checkFoundNoLoss(t)
	})
}

// checkFoundNoLoss checks that the node has not logged that messages or the stream
// were lost.
func (n *node) checkFoundNoLoss(tb testing.TB) {
	tb.Helper()
	if got := n.log.count(says(dropped)) + n.log.count(says("the stream lacks")) + n.log.count(says(otherStream)); got != 0 {
		tb.Errorf("got %d log lines about a loss, want none: %v", got, n.log.all())
	}
}

// testConnectionsEnd returns the node whose connections have ended.
func testConnectionsEnd(t *testing.T, cfg amqp.Config) *node {
	t.Helper()
	through, proxy := behindProxy(t, cfg)
	n, alices, p := setUp(t, through)

	f := startFlood(t, cfg, 0)
	for i := range 5 {
		alices.await(t, idText(200*(i+1)))
		proxy.Cut()
		n.awaitLog(t, lostConnection)
		n.awaitFollowing(t)
	}
	f.stop()
	p.Send(cfg.Exchanges, order(f.next))
	got := numbers(t, alices.await(t, idText(f.next)))
	checkNumbers(t, got, append(f.confirmed, f.next))
	if counted := n.metrics.events.total(); counted != len(got) {
		t.Errorf("got a count of %d events, want %d", counted, len(got))
	}
	return n
}

// testBrokerKilled: I2: the broker is killed in the middle of a flood. What was
// confirmed comes; what was not, and is published again, comes once. Meanwhile another
// node tries to connect again and again; its exchanges, which are not durable, are gone
// afterwards. Later the broker's data are restored from a copy that was made when it
// was killed.
func testBrokerKilled(t *testing.T, b *testenv.Broker) {
	amqptest.Eval(b, amqptest.EnableFeatures)
	r := beforeCopy(t, b)
	other := startDisconnected(t, b)
	cfg := withSilence(newConfigOn(t, b.URL))
	cfg.Exchanges.Durable = true
	n, alices := startFollowing(t, cfg)

	before := startFlood(t, cfg, 0)
	alices.await(t, idText(500))
	b.Sync()
	b.Kill()
	<-before.ended
	if got := len(before.confirmed); got < 500 || got == before.next {
		t.Fatalf("got %d of %d messages confirmed, want at least 500 and not all: the broker was not killed in between", got, before.next)
	}
	other.checkRetries(t)
	copyData(t, b)
	b.Start()
	other.checkReconnects(t, b)
	n.awaitFollowing(t) // until the stream is up again, messages are not routed
	if got := n.metrics.gaps.count(is(event.GapExchange)); got == 0 {
		t.Errorf("got no gap though messages were taken before the stream was up, want one: %v", n.log.all())
	}
	if got := n.metrics.gaps.count(is(event.GapBroker)); got != 1 {
		t.Errorf("got %d gaps for the restart of the broker, want one: %v", got, n.log.all())
	}
	before.publishAgain(t, cfg)
	after := startFlood(t, cfg, before.next)
	alices.await(t, idText(before.next+200))
	after.stop()
	amqptest.NewPeer(t, cfg.URL).Send(cfg.Exchanges, order(after.next))
	got := numbers(t, alices.await(t, idText(after.next)))
	checkNumbers(t, got, append(append(before.confirmed, after.confirmed...), after.next))
	checkConsecutive(t, got[:before.next])
	n.checkFoundNoLoss(t)
	n.stop(t)
	r.afterCopy(t, b)
	r.check(t, b)
}

// disconnected is a node whose broker ends. It has portable deliveries.
type disconnected struct {
	*node
	cfg    amqp.Config
	alices *tap
}

func startDisconnected(t *testing.T, b *testenv.Broker) *disconnected {
	t.Helper()
	cfg := withPortable(withSilence(newConfigOn(t, b.URL)))
	n, alices := startFollowing(t, cfg)
	amqptest.NewPeer(t, b.URL).Send(cfg.Exchanges, order(1))
	alices.await(t, idText(1))
	return &disconnected{n, cfg, alices}
}

// checkRetries checks that the node tries to connect again and again, and that the
// pauses grow.
func (d *disconnected) checkRetries(t *testing.T) {
	t.Helper()
	first := d.awaitLog(t, "RABBITMQ_HOST")
	for range 3 {
		d.awaitLog(t, "RABBITMQ_HOST")
	}
	fifth := d.awaitLog(t, "RABBITMQ_HOST")
	if waited := fifth.at.Sub(first.at); waited < 750*time.Millisecond { // a slow machine only adds to it
		t.Errorf("five attempts: got %v between the first and the last, want 750ms or more", waited)
	}
	if got := d.source.Status(); got.State != amqp.Connecting || got.Error == nil || !got.CaughtUp {
		t.Errorf("status without a broker: got %+v, want connecting with an Error and CaughtUp", got)
	}
}

// checkReconnects checks that the node reads on, and announces that the exchanges were
// gone.
func (d *disconnected) checkReconnects(t *testing.T, b *testenv.Broker) {
	t.Helper()
	d.awaitLog(t, "exchange was missing")
	d.awaitFollowing(t)
	d.metrics.gaps.await(t, "a gap", 0, is(event.GapExchange))
	amqptest.NewPeer(t, b.URL).Send(d.cfg.Exchanges, order(2))
	if got := len(d.alices.await(t, idText(2))); got != 2 {
		t.Errorf("got %d events of alice, want 2", got)
	}
	d.stop(t)
}

// A node whose host is gone goes on at another one, with both of its connections, and
// loses nothing.
func TestSource_SwitchesToAnotherHost(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		hosts := make(map[string]*amqptest.Proxy)
		var urls []string
		for range 2 {
			proxy := amqptest.NewProxy(t, cfg.URL)
			hosts[brokerurl.Host(proxy.URL)] = proxy
			urls = append(urls, proxy.URL)
		}
		through := cfg
		through.URL = brokerurl.Join(urls)
		n, alices, p := setUp(t, through)
		for i := range 2 {
			host := n.source.Status().Host
			p.Send(cfg.Exchanges, order(2*i))
			alices.await(t, idText(2*i))
			hosts[host].Block()
			lost := n.awaitLog(t, lostConnection)
			if lost.attrs["host"] != host {
				t.Errorf("got the host %v in the log, want %s", lost.attrs["host"], host)
			}
			p.Send(cfg.Exchanges, order(2*i+1))
			n.awaitFollowing(t)
			if other := n.source.Status().Host; other == host || hosts[other] == nil {
				t.Errorf("follows through %s after %s is gone, want the other host", other, host)
			}
			alices.await(t, idText(2*i+1))
			hosts[host].Unblock()
		}
		n.checkFoundNoLoss(t)
	})
}
