package amqp_test

import (
	"fmt"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
)

// No message of a publisher stops the source: a bad one is counted by its reason and
// logged with its offset, and the next message is delivered.
func TestSource_BadMessageIsCountedAndPassedOver(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		cfg.MaxBody = 1000
		cfg.CheckInterval = amqptest.Never // no marker comes between the messages
		n, alices, p := setUp(t, cfg)

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
			{event.UnknownExchange, "", owner, `{"id":1}`}, // straight into the stream
		} {
			key := ""
			if c.exchange == "" {
				key = cfg.Stream
			}
			bad := event.Delivery{Headers: c.headers, Body: []byte(c.body)}
			p.Post(c.exchange, key, bad)
			p.Post(c.exchange, key, bad)
			p.Send(cfg.Exchanges, order(i))
			alices.await(t, idText(i))

			if got := n.metrics.undelivered.count(is(c.want)); got != 2 {
				t.Errorf("%s: got a count of %d, want 2", c.want, got)
			}
			about := func(l line) bool {
				return l.text == "message not delivered" && l.attrs["reason"] == string(c.want)
			}
			if got := n.log.count(about); got > 2 { // 1 if both came within a second; the log has a test of its own
				t.Errorf("%s: got %d log lines, want 1 or 2", c.want, got)
			}
			logged, _ := n.log.await(t, "a log line with reason "+string(c.want), 0, about)
			if got, want := logged.attrs["offset"], alices.got[i].Offset-2; got != want {
				t.Errorf("%s: got offset %v in the log, want %d", c.want, got, want)
			}
			if got := logged.attrs["exchange"]; got != c.exchange {
				t.Errorf("%s: got exchange %v in the log, want %s", c.want, got, c.exchange)
			}
		}
		n.checkKeptConnection(t)
	})
}

// A body of many frames is delivered whole, up to MaxBody.
func TestSource_DeliversBodyOfManyFrames(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		const maxBody = 500_000 // four frames
		cfg.MaxBody = maxBody
		n, alices, p := setUp(t, cfg)
		var numbered strings.Builder // no two parts of it are equal
		for i := range maxBody / 4 {
			fmt.Fprint(&numbered, i, " ")
		}
		text := numbered.String()
		for i, size := range []int{maxBody, maxBody + 1} {
			d := order(i)
			pad := text[:size-len(d.Body)-len(`,"pad":""`)]
			d.Body = append(d.Body[:len(d.Body)-1], `,"pad":"`+pad+`"}`...)
			p.Send(cfg.Exchanges, d)
		}
		p.Send(cfg.Exchanges, order(2))
		got := alices.await(t, idText(2))
		want := text[:maxBody-len(order(0).Body)-len(`,"pad":""`)]
		if len(got) != 2 || !strings.Contains(string(got[0].Message), `"`+want+`"`) {
			t.Errorf("got %d events, the first with %d bytes, want 2, the first with a text of %d bytes", len(got), len(got[0].Message), len(want))
		}
		if got := n.metrics.undelivered.count(is(event.TooBig)); got != 1 {
			t.Errorf("got %d messages that are too big, want 1", got)
		}
		n.checkKeptConnection(t)
	})
}

// A Trade with one unknown side reaches the other side.
func TestSource_TradeWithOneUnknownSideReachesTheOther(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	n, _, p := setUp(t, cfg)
	bobs := n.tap(t, bob)
	half := trade(7)
	half.Headers = map[string]any{"bid_member_uid": string(bob)}
	p.Send(cfg.Exchanges, half)
	bobs.await(t, idText(7))
	n.metrics.undelivered.await(t, "the count of a recipient that is not known", 0, is(event.NoOwner))
}
