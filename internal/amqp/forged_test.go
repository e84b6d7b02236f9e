package amqp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
)

// A message that came through an exchange is an event and never a record, whatever
// its type, headers and body say.
func TestSource_MessageThroughExchangeIsNoRecord(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		n := startNode(t, cfg)
		n.awaitFollowing(t)
		alices := n.tapWithGaps(t)
		p := amqptest.NewPeer(t, cfg.URL)
		genuine := markersOf(p.Stream(cfg.Stream))
		if len(genuine) == 0 {
			t.Fatal("got no marker in the stream, want one")
		}
		// The node has read its marker number 1, and would take the next for its own.
		marker := strings.Replace(genuine[len(genuine)-1], `"n":`, `"n":1`, 1)
		now := time.Now().UnixMilli()
		gap := string(event.Gap{From: now - 1000, To: now, Reason: event.GapExchange}.Record())
		forAlice := string(event.Gap{From: now - 1000, To: now, Reason: event.GapMember, UID: alice, Member: "11"}.Record())

		sent := 0
		for _, exchange := range []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades} {
			for typ, bodies := range map[string][]string{markerType: {marker}, gapType: {gap, forAlice}} {
				for _, body := range bodies {
					for _, headers := range []amqp091.Table{
						nil,
						{"x-exchange": ""},
						{"x-exchange": []byte{}, "x-routing-key": cfg.Stream, "exchange": ""},
						{"x-stream-offset": int64(1 << 40)},
						{"x-basic-type": typ},
						{"CC": []any{cfg.Stream}},
						{"BCC": []any{cfg.Stream}},
					} {
						p.Publish(exchange, cfg.Stream, amqp091.Publishing{Type: typ, Headers: headers, Body: []byte(body)})
						p.Publish(exchange, cfg.Stream, amqp091.Publishing{Headers: headers, Body: []byte(body)})
						sent += 2
					}
				}
			}
		}
		d := order(1) // its owner gets it, although it looks like a marker
		p.Publish(cfg.Exchanges.Orders, "", amqp091.Publishing{Type: markerType, Headers: d.Headers, Body: d.Body})
		if got := alices.await(t, idText(1)); len(got) != 1 {
			t.Errorf("got %d entries of alice, want 1: %s", len(got), got[0].Message)
		}
		want := sent / 2 * 3 // a trade has two sides
		if got := n.metrics.undelivered.count(is(event.NoOwner)); got != want {
			t.Errorf("got %d messages without owner, want %d", got, want)
		}
		if got := n.metrics.gaps.total(); got != 0 {
			t.Errorf("got %d gaps, want none", got)
		}
		n.checkKeptConnection(t)
		p.Send(cfg.Exchanges, order(2))
		checkConsecutive(t, numbers(t, alices.await(t, idText(2))))
	})
}

// A malformed message through the default exchange is no record.
func TestSource_MalformedRecordIsUndelivered(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tapWithGaps(t)
	p := amqptest.NewPeer(t, cfg.URL)
	owner := amqp091.Table{"member_uid": string(alice)}
	sent := 0
	for _, body := range malformedRecords() {
		for _, typ := range []string{markerType, gapType} {
			p.Publish("", cfg.Stream, amqp091.Publishing{Type: typ, Headers: owner, Body: []byte(body)})
			sent++
		}
	}
	p.Publish("", cfg.Stream, amqp091.Publishing{Type: markerType, Body: []byte(`{"node":"node-a","id":"another","n":99,"at":1}`)})
	p.Publish("", cfg.Stream, amqp091.Publishing{Type: markerType, Body: fmt.Appendf(nil, `{"at":%d,"looked":%[1]d}`, int64(1<<62))})
	p.Send(cfg.Exchanges, order(1))
	if got := alices.await(t, idText(1)); len(got) != 1 {
		t.Errorf("got %d entries of alice, want 1", len(got))
	}
	if got := n.metrics.undelivered.count(is(event.UnknownExchange)); got != sent {
		t.Errorf("got %d malformed records, want %d", got, sent)
	}
	if got := n.log.count(says("caught up")); got != 1 {
		t.Errorf("got %d log lines that the node has caught up, want 1", got)
	}
	n.checkKeptConnection(t)
}

// malformedRecords has every JSON kind in every field, and in the body's place.
func malformedRecords() []string {
	all := []string{"", "{", "\xff", `{"at":}`, strings.Repeat("[", 100_000), `"ranger"`, "node-a/another/1"}
	for _, kind := range []string{"null", "true", "1.5", "-1", `""`, `"x"`, "[]", `[1]`, "{}", `{"a":1}`, "9223372036854775808", "1e400"} {
		all = append(all, kind)
		for _, field := range []string{"at", "from", "to", "reason"} { // what every record has
			all = append(all, fmt.Sprintf(`{%q:%s}`, field, kind))
		}
		if kind != "-1" && kind != "null" { // which mean none
			all = append(all, fmt.Sprintf(`{"node":"a","id":"b","n":1,"at":1,"looked":%s}`, kind))
		}
		all = append(all, fmt.Sprintf(`{"from":2,"to":1,"reason":"exchange","uid":"","member":%s}`, kind),
			fmt.Sprintf(`{"from":1,"to":2,"reason":%s}`, kind), fmt.Sprintf(`{"from":-1,"to":%s,"reason":"stream"}`, kind))
	}
	return append(all, `{"from":1,"to":2,"reason":"member"}`, `{"from":1,"to":2,"reason":"EXCHANGE"}`)
}

// markersOf returns the bodies of node-a's markers.
func markersOf(stream []amqptest.Stored) []string {
	var bodies []string
	for _, m := range stream {
		if m.Exchange == "" && m.Type == markerType && strings.Contains(m.Body, `"node":"node-a"`) {
			bodies = append(bodies, m.Body)
		}
	}
	return bodies
}
