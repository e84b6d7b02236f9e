package event_test

import (
	"testing"

	"ranger/internal/event"
)

// benchOrder is an order of 300 bytes as Peatio publishes it.
const benchOrder = `{"id":3247,"side":"sell","ord_type":"limit","price":"3500.0","avg_price":"3500.0","state":"wait","market_id":"btcusd","created_at":"2018-08-20T14:47:10Z","updated_at":"2018-08-20T14:47:19Z","origin_volume":"0.0331","remaining_volume":"0.0131","trades_count":1,"trades":[],"member_uid":"ID092B2AF8E87"}`

func BenchmarkDecode(b *testing.B) {
	trade := golden(b, "trade.json")
	sides := map[string]any{"ask_member_uid": "IDSELLER00001", "bid_member_uid": "IDBUYER000001"}
	both := map[string]any{"ask_member_uid": "IDSELLER00001", "bid_member_uid": "IDSELLER00001"}
	members := directory{"1147": seller, "1148": buyer}
	for _, bm := range []struct {
		name   string
		events int
		d      event.Delivery
	}{
		{"order, owner in header", 1, event.Delivery{Kind: event.Order, Headers: map[string]any{"member_uid": "ID092B2AF8E87"}, Body: []byte(benchOrder)}},
		{"order, owner in body", 1, event.Delivery{Kind: event.Order, Body: []byte(benchOrder)}},
		{"trade", 2, event.Delivery{Kind: event.Trade, Headers: sides, Body: []byte(trade)}},
		{"trade, owners in orders", 2, event.Delivery{Kind: event.Trade, Body: []byte(without(b, trade, `"ask_member_id":11,"bid_member_id":12,`))}},
		{"trade, one user", 1, event.Delivery{Kind: event.Trade, Headers: both, Body: []byte(trade)}},
		{"broadcast", 0, event.Delivery{Kind: event.Order, Body: []byte(`{"action":"add","order":` + benchOrder + `}`)}},
		{"trade, owners by id", 2, event.Delivery{Kind: event.Trade, Headers: map[string]any{"ask_member_id": int64(1147), "bid_member_id": int64(1148)}, Body: []byte(trade)}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			dec := event.NewDecoder(maxBody, members)
			h := asSent(bm.d.Headers)
			b.ReportAllocs()
			b.SetBytes(int64(len(bm.d.Body)))
			for b.Loop() {
				if got := len(dec.Decode(bm.d.Kind, h, bm.d.Body).Events); got != bm.events {
					b.Fatalf("got %d events, want %d", got, bm.events)
				}
			}
		})
	}
}

// asSent returns Headers that search a list of entries, as those of amqp do.
func asSent(table headers) *entries {
	var e entries
	for name := range table {
		e = append(e, entry{name, event.Table(table).Header(name)})
	}
	return &e
}

type entries []entry

type entry struct {
	name  string
	value event.Header
}

func (e *entries) Header(name string) event.Header {
	for _, entry := range *e {
		if entry.name == name {
			return entry.value
		}
	}
	return event.Header{}
}

// The owners of an ordinary message may be named in any place.
func TestDecode_AllocatesNothing(t *testing.T) {
	trade := golden(t, "trade.json")
	members := directory{"1147": seller, "1148": buyer}
	for _, tt := range []struct {
		name string
		d    event.Delivery
	}{
		{"order, owner in header", event.Delivery{Kind: event.Order, Headers: headers{"member_uid": "ID"}, Body: []byte(benchOrder)}},
		{"order, owner in body", event.Delivery{Kind: event.Order, Body: []byte(benchOrder)}},
		{"trade", event.Delivery{Kind: event.Trade, Headers: sides(), Body: []byte(trade)}},
		{"trade, owners by id", event.Delivery{Kind: event.Trade, Headers: headers{"ask_member_id": int64(1147), "bid_member_id": int64(1148)}, Body: []byte(trade)}},
		{"trade, owners in orders", event.Delivery{Kind: event.Trade, Body: []byte(without(t, trade, `"ask_member_id":11,"bid_member_id":12,`))}},
		{"unknown owners", event.Delivery{Kind: event.Trade, Headers: headers{"ask_member_id": int64(5), "bid_member_id": "6"}, Body: []byte(trade)}},
		{"invalid", event.Delivery{Kind: event.Trade, Body: []byte(`{"id":1,"id":2}`)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dec, h := event.NewDecoder(maxBody, members), asSent(tt.d.Headers)
			if got := testing.AllocsPerRun(100, func() { dec.Decode(tt.d.Kind, h, tt.d.Body) }); got != 0 {
				t.Errorf("got %v allocations, want none", got)
			}
		})
	}
}
