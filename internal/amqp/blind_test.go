package amqp_test

import (
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// testBlind: a broker's user who may not place canaries and witnesses is told
// once what to permit; nothing is told to clients on mere suspicion; and what a
// look can see is mended.
func testBlind(t *testing.T, b *testenv.Broker, user string) {
	t.Helper()
	cfg := newConfig(t, b.URL) // guest may delete it
	guests := cfg.URL
	cfg.URL, cfg.LookEvery = as(b, user, "right", ""), soon
	const warning = "cannot be watched over"
	p := newPeer(t, guests)
	for i := range 2 { // the first one makes the stream
		n := startNode(t, cfg)
		l := n.awaitLog(t, warning)
		if got := l.attrs["exchange"]; got != cfg.Exchanges.Orders {
			t.Errorf("the first is of exchange %v, want %s", got, cfg.Exchanges.Orders)
		}
		second := n.awaitLog(t, warning)
		if got := second.attrs["exchange"]; got != cfg.Exchanges.Trades {
			t.Errorf("the second is of exchange %v, want %s", got, cfg.Exchanges.Trades)
		}
		for _, name := range []string{canary(cfg, cfg.Exchanges.Orders), witness(cfg, cfg.Exchanges.Orders), "write to exchange " + cfg.Exchanges.Orders} {
			if advice := l.attrs["advice"].(string); !strings.Contains(advice, name) {
				t.Errorf("the advice %q does not name %s", advice, name)
			}
		}
		n.awaitFollowing(t)
		alices := n.tap(t, alice)
		p.send(cfg, order(10*i), trade(10*i+1))
		alices.await(t, idText(10*i+1))

		p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Orders, nil) })
		awaitMarkers(t, p.follow(cfg.Stream), 2) // it is bound before the second is sent
		p.send(cfg, order(10*i+2))
		alices.await(t, idText(10*i+2))
		if got := n.metrics.gaps.count(func(event.GapReason) bool { return true }); got != 0 {
			t.Errorf("%d gaps were told", got)
		}
		if i == 1 {
			p.must("delete", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(cfg.Exchanges.Orders, false, false) })
			n.metrics.gaps.await(t, "a gap", 0, func(g event.GapReason) bool { return g == event.GapExchange })
			awaitMarkers(t, p.follow(cfg.Stream), 1)
			p.send(cfg, order(13))
			alices.await(t, idText(13))
			eval(b, closeConnections(user))
			n.awaitFollowing(t)
		}
		if got := n.log.count(says(warning)); got != 2 {
			t.Errorf("it was said %d times, want once an exchange", got)
		}
		n.stop(t)
	}
}

// testHalfBlind: where the canary and witness of one exchange are refused, the
// other one is looked after.
func testHalfBlind(t *testing.T, b *testenv.Broker, user string) {
	t.Helper()
	cfg := newConfig(t, b.URL)
	cfg.URL, cfg.LookEvery = as(b, user, "right", ""), soon
	n := startNode(t, cfg)
	l := n.awaitLog(t, "cannot be watched over")
	if got := l.attrs["exchange"]; got != cfg.Exchanges.Orders {
		t.Errorf("the warning is of exchange %v, want %s", got, cfg.Exchanges.Orders)
	}
	n.awaitFollowing(t)
	p := newPeer(t, b.URL)
	p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Trades, nil) })
	p.send(cfg, trade(1))
	n.metrics.gaps.await(t, "a gap", 0, func(g event.GapReason) bool { return g == event.GapBinding })
	if got := n.log.count(says("cannot be watched over")); got != 1 {
		t.Errorf("it was said %d times, want once", got)
	}
}
