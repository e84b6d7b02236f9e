package amqp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// What looks like a record of ours is an event when it came through an exchange,
// whatever its type, headers and body say.
func TestForgedRecords(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.follow(t)
	p := newPeer(t, cfg.URL)
	genuine := markersOf(p.stream(cfg.Stream))
	if len(genuine) == 0 {
		t.Fatal("there is no marker in the stream")
	}
	// The node has seen its number 1, and would be fooled by the next.
	marker := strings.Replace(genuine[len(genuine)-1], `"n":`, `"n":1`, 1)
	now := time.Now().UnixMilli()
	gap := string(event.Gap{From: now - 1000, To: now, Reason: event.GapExchange}.Record())
	forAlice := string(event.Gap{From: now - 1000, To: now, Reason: event.GapMember, UID: alice, Member: "11"}.Record())

	sent := 0
	for _, exchange := range []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades} {
		for typ, bodies := range map[string][]string{"ranger.marker": {marker}, "ranger.gap": {gap, forAlice}} {
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
					p.publish(exchange, cfg.Stream, amqp091.Publishing{Type: typ, Headers: headers, Body: []byte(body)})
					p.publish(exchange, cfg.Stream, amqp091.Publishing{Headers: headers, Body: []byte(body)})
					sent += 2
				}
			}
		}
	}
	d := order(1) // whoever is its owner gets it, also as a forged marker
	p.publish(cfg.Exchanges.Orders, "", amqp091.Publishing{Type: "ranger.marker", Headers: d.Headers, Body: d.Body})
	if got := alices.await(t, idText(1)); len(got) != 1 {
		t.Errorf("alice got %d entries, want 1: %s", len(got), got[0].Message)
	}
	want := sent / 2 * 3 // a trade has two sides
	if got := n.metrics.unrouted.count(func(r event.Reason) bool { return r == event.NoOwner }); got != want {
		t.Errorf("nobody's were counted %d times, want %d", got, want)
	}
	if got := n.metrics.gaps.count(func(event.GapReason) bool { return true }); got != 0 {
		t.Errorf("%d gaps were counted", got)
	}
	if got := n.log.count(says("will reconnect")); got != 0 {
		t.Errorf("a message ended the connection: %v", n.log.items)
	}
	p.send(cfg, order(2))
	checkConsecutive(t, numbers(t, alices.await(t, idText(2))))
}

// What came through the default exchange and is not well formed is no record.
func TestMalformedRecords(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.follow(t)
	p := newPeer(t, cfg.URL)
	owner := amqp091.Table{"member_uid": string(alice)}
	sent := 0
	for _, body := range malformedRecords() {
		for _, typ := range []string{"ranger.marker", "ranger.gap"} {
			p.publish("", cfg.Stream, amqp091.Publishing{Type: typ, Headers: owner, Body: []byte(body)})
			sent++
		}
	}
	p.publish("", cfg.Stream, amqp091.Publishing{Type: "ranger.marker", Body: []byte(`{"node":"node-a","id":"another","n":99,"at":1}`)})
	p.publish("", cfg.Stream, amqp091.Publishing{Type: "ranger.marker", Body: fmt.Appendf(nil, `{"at":%d,"looked":%[1]d}`, int64(1<<62))})
	p.send(cfg, order(1))
	if got := alices.await(t, idText(1)); len(got) != 1 {
		t.Errorf("alice got %d entries, want 1", len(got))
	}
	if got := n.metrics.unrouted.count(func(r event.Reason) bool { return r == event.UnknownExchange }); got != sent {
		t.Errorf("%d malformed records were counted, want %d", got, sent)
	}
	if got := n.log.count(says("caught up")); got != 1 {
		t.Errorf("the node caught up %d times, want once", got)
	}
	if got := n.log.count(says("will reconnect")); got != 0 {
		t.Errorf("a message ended the connection: %v", n.log.items)
	}
}

// malformedRecords has every JSON kind in every field, and in the body's place.
func malformedRecords() []string {
	all := []string{"", "{", "\xff", `{"at":}`, strings.Repeat("[", 100_000), `"ranger"`, "node-a/another/1"}
	for _, kind := range []string{"null", "true", "1.5", "-1", `""`, `"x"`, "[]", `[1]`, "{}", `{"a":1}`, "9223372036854775808", "1e400"} {
		all = append(all, kind)
		for _, field := range []string{"at", "from", "to", "reason"} { // what no record does without
			all = append(all, fmt.Sprintf(`{%q:%s}`, field, kind))
		}
		if kind != "-1" && kind != "null" { // which are read as none
			all = append(all, fmt.Sprintf(`{"node":"a","id":"b","n":1,"at":1,"looked":%s}`, kind))
		}
		all = append(all, fmt.Sprintf(`{"from":2,"to":1,"reason":"exchange","uid":"","member":%s}`, kind),
			fmt.Sprintf(`{"from":1,"to":2,"reason":%s}`, kind), fmt.Sprintf(`{"from":-1,"to":%s,"reason":"stream"}`, kind))
	}
	return append(all, `{"from":1,"to":2,"reason":"member"}`, `{"from":1,"to":2,"reason":"EXCHANGE"}`)
}

// markersOf returns the bodies of node-a's markers.
func markersOf(stream []stored) []string {
	var bodies []string
	for _, m := range stream {
		if m.exchange == "" && m.typ == "ranger.marker" && strings.Contains(m.body, `"node":"node-a"`) {
			bodies = append(bodies, m.body)
		}
	}
	return bodies
}
