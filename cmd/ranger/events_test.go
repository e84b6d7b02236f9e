package main_test

import (
	"os"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

const (
	seller event.UID = "IDSELLER00001"
	buyer  event.UID = "IDBUYER000001"
	third  event.UID = "IDTHIRD000001"
)

// fixture returns a fixture of the event package, as one line.
func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../internal/event/testdata/" + name)
	check(t, err)
	return strings.TrimSpace(string(b))
}

// I1, I6: the fixtures reach only the sockets of their owners, byte for byte.
func TestServe_DeliversFixturesByteForByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.serve()
	sellers, buyers, thirds := w.login(p, seller), w.login(p, buyer), w.login(p, third)
	sellersOther := w.login(p, seller)

	headers := amqp091.Table{"market": "btcusd", "ask_member_uid": string(seller), "bid_member_uid": string(buyer)}
	w.publish(w.trades, headers, fixture(t, "trade.json"))
	sellers.expect(fixture(t, "trade.seller.json"))
	sellersOther.expect(fixture(t, "trade.seller.json"))
	buyers.expect(fixture(t, "trade.buyer.json"))

	headers["bid_member_uid"] = string(seller)
	w.publish(w.trades, headers, fixture(t, "trade.json"))
	sellers.expect(fixture(t, "trade.both.json"))
	sellersOther.expect(fixture(t, "trade.both.json"))

	// Without recipients: no owner, an unknown member id, Peatio 1.8's broadcast.
	w.publish(w.orders, nil, `{"id":1}`)
	w.publish(w.trades, amqp091.Table{"ask_member_id": int64(11), "bid_member_id": int64(12)}, `{"id":2}`)
	w.publish(w.orders, nil, `{"action":"add","order":{"id":3252}}`)
	// Invalid; the next one is delivered.
	w.publish(w.orders, amqp091.Table{"member_uid": string(third)}, `{"id":3`)
	w.publish(w.orders, amqp091.Table{"member_uid": string(third)}, `{"id":4,"id":4}`)
	w.publish(w.orders, amqp091.Table{"member_uid": int32(5)}, `{"id":5}`)

	// The first event of the third user is published after all others.
	const exact = `{"id":12345678901234567890,"price":0.10,"note":"\u00e9 \/","trades":[]}`
	w.publish(w.orders, amqp091.Table{"member_uid": string(third)}, exact)
	thirds.expect(`{"orderbook":` + exact + `}`)
	for _, s := range []struct {
		socket *socket
		uid    event.UID
	}{{sellers, seller}, {sellersOther, seller}, {buyers, buyer}, {thirds, third}} {
		if s.socket == sellersOther {
			continue // delivered by the same message as the seller's
		}
		want := w.order(s.uid, 99)
		s.socket.expect(want)
		if s.uid == seller {
			sellersOther.expect(want)
		}
	}
	for series, want := range map[string]float64{
		`ranger_undelivered_total{reason="no_owner"}`:       1,
		`ranger_undelivered_total{reason="unknown_member"}`: 2,
		`ranger_undelivered_total{reason="broadcast"}`:      1,
		`ranger_undelivered_total{reason="not_json"}`:       1,
		`ranger_undelivered_total{reason="duplicate_key"}`:  1,
		`ranger_undelivered_total{reason="bad_header"}`:     1,
		`ranger_events_total{kind="trade"}`:                 3,
		`ranger_events_total{kind="orderbook"}`:             4,
		`ranger_deliveries_total`:                           10,
		`ranger_sockets_authenticated`:                      4,
	} {
		if got := p.metric(series); got != want {
			t.Errorf("%s: got %v, want %v", series, got, want)
		}
	}
	line := p.awaitLog("message not delivered")
	if line["reason"] != "no_owner" || line["offset"] == "" {
		t.Errorf("got log line %v for an undelivered message", line)
	}
}
