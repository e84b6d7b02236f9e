package amqp_test

import (
	"fmt"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

// Both exchanges feed one stream, so a publisher's messages to the two arrive in the
// order in which it sent them.
func TestSource_KeepsOrderAcrossExchanges(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		_, alices, p := setUp(t, cfg)
		const pairs = 500
		for i := range pairs {
			p.Post(cfg.Exchanges.Orders, "", order(2*i))
			p.Post(cfg.Exchanges.Trades, "", trade(2*i+1))
		}
		got := alices.await(t, idText(2*pairs-1))
		if len(got) != 2*pairs {
			t.Fatalf("got %d events, want %d", len(got), 2*pairs)
		}
		for i, e := range got {
			want := fmt.Sprintf(`{"%v":{%s`, []event.Kind{event.Order, event.Trade}[i%2], idText(i))
			if text := string(e.Message); len(text) < len(want) || text[:len(want)] != want {
				t.Fatalf("event %d: got %s, want %s…", i, text, want)
			}
			if i > 0 && e.Offset <= got[i-1].Offset {
				t.Fatalf("event %d: got offset %d, want more than %d", i, e.Offset, got[i-1].Offset)
			}
		}
	})
}

// A binding without arguments takes every message of a headers exchange.
func TestTopology_HeadersExchangeFeedsAllMessages(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	_, alices, p := setUp(t, cfg)
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
			p.Publish(cfg.Exchanges.Trades, key, amqp091.Publishing{Headers: headers, Body: body(i)})
		}
	}
	p.Send(cfg.Exchanges, order(100))
	if got, want := len(alices.await(t, idText(100))), 11; got != want {
		t.Errorf("got %d events, want %d", got, want)
	}
}
