package amqp_test

import (
	"fmt"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// Both exchanges feed one stream, so what one publisher sends to the two in turn
// arrives in that order.
func TestOrderAcrossExchanges(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)

	const pairs = 500
	for i := range pairs {
		p.post(cfg.Exchanges.Orders, "", order(2*i))
		p.post(cfg.Exchanges.Trades, "", trade(2*i+1))
	}
	got := alices.await(t, idText(2*pairs-1))
	if len(got) != 2*pairs {
		t.Fatalf("got %d events, want %d", len(got), 2*pairs)
	}
	for i, e := range got {
		want := fmt.Sprintf(`{"%v":{%s`, []event.Kind{event.Order, event.Trade}[i%2], idText(i))
		if text := string(e.Message); len(text) < len(want) || text[:len(want)] != want {
			t.Fatalf("event %d is %s, want %s…", i, text, want)
		}
		if i > 0 && e.Offset <= got[i-1].Offset {
			t.Fatalf("event %d has offset %d after %d", i, e.Offset, got[i-1].Offset)
		}
	}
}

// A binding without arguments takes every message of a headers exchange.
func TestHeadersExchangeTakesAll(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)

	body := func(n int) []byte {
		return fmt.Appendf(nil, `{"id":%d,"price":"1","ask_member_uid":%q}`, n, alice)
	}
	for i, headers := range []amqp091.Table{
		nil,
		{},
		{"market": "btcusd"},
		{"x-match": "all", "market": "btcusd"},
		{"market": "btcusd", "ask_member_uid": string(alice), "bid_member_uid": string(bob)},
	} {
		for _, key := range []string{"", "any.key"} {
			p.publish(cfg.Exchanges.Trades, key, amqp091.Publishing{Headers: headers, Body: body(i)})
		}
	}
	p.send(cfg, order(100))
	if got, want := len(alices.await(t, idText(100))), 11; got != want {
		t.Errorf("got %d events, want %d", got, want)
	}
}
