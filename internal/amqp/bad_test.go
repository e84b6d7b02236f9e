package amqp_test

import (
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

const nobody = "a message reached nobody"

// Nothing that a publisher sends stops the source: what is bad is counted by its
// reason and logged with its offset, and the next message is delivered.
func TestBadMessages(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.MaxBody = 1000
	cfg.LookEvery = never // no marker is among what follows
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)

	owner := amqp091.Table{"member_uid": string(alice)}
	orders, trades := cfg.Exchanges.Orders, cfg.Exchanges.Trades
	for i, c := range []struct {
		want     event.Reason
		exchange string
		headers  amqp091.Table
		body     string
	}{
		{event.NotUTF8, orders, owner, "{\"id\":\"\xff\"}"},
		{event.NotJSON, orders, owner, `{"id":`},
		{event.NotObject, trades, owner, `[1]`},
		{event.TooDeep, orders, owner, strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)},
		{event.TooBig, orders, owner, `{"id":"` + strings.Repeat("1", 1000) + `"}`},
		{event.DuplicateKey, orders, owner, `{"id":1,"id":2}`},
		{event.BadHeader, orders, amqp091.Table{"member_uid": 5}, `{"id":1}`},
		{event.BadField, orders, nil, `{"id":1,"member_uid":5}`},
		{event.NoOwner, orders, amqp091.Table{"market": "btcusd"}, `{"id":1}`},
		{event.UnknownMember, orders, amqp091.Table{"member_id": int64(11)}, `{"id":1}`},
		{event.Broadcast, orders, nil, `{"action":"add","order":{"id":1}}`},
		{event.UnknownExchange, "", owner, `{"id":1}`}, // straight to the stream
	} {
		key := ""
		if c.exchange == "" {
			key = cfg.Stream
		}
		bad := event.Delivery{Headers: c.headers, Body: []byte(c.body)}
		p.post(c.exchange, key, bad)
		p.post(c.exchange, key, bad)
		p.send(cfg, order(i))
		alices.await(t, idText(i))

		if got := n.metrics.unrouted.count(func(r event.Reason) bool { return r == c.want }); got != 2 {
			t.Errorf("%s was counted %d times, want 2", c.want, got)
		}
		about := func(l line) bool { return l.text == nobody && l.attrs["reason"] == string(c.want) }
		if got := n.log.count(about); got > 2 { // once, where both came within a second: see TestUnroutedLog
			t.Errorf("%s was logged %d times", c.want, got)
		}
		logged, _ := n.log.await(t, string(c.want), 0, about)
		if got, want := logged.attrs["offset"], alices.got[i].Offset-2; got != want {
			t.Errorf("%s was logged with offset %v, want %d", c.want, got, want)
		}
		if got := logged.attrs["exchange"]; got != c.exchange {
			t.Errorf("%s was logged with exchange %v, want %s", c.want, got, c.exchange)
		}
	}
	if got := n.log.count(says("will reconnect")); got != 0 {
		t.Errorf("a message ended the connection: %v", n.log.items)
	}
}

// Half a trade whose other half is unknown reaches the known side.
func TestHalfATrade(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	bobs := n.tap(t, bob)
	half := trade(7)
	half.Headers = map[string]any{"bid_member_uid": string(bob)}
	newPeer(t, cfg.URL).send(cfg, half)
	bobs.await(t, idText(7))
	n.metrics.unrouted.await(t, "no_owner", 0, func(r event.Reason) bool { return r == event.NoOwner })
}
