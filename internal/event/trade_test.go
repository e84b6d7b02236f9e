package event_test

import (
	"testing"

	"ranger/internal/event"
)

func TestTrade_EachSideHasItsOwnView(t *testing.T) {
	named := headers{"ask_member_uid": "A", "bid_member_uid": "B"}
	for _, tt := range []struct{ name, body, ask, bid, both string }{
		{"empty", `{}`, `"side":"ask"`, `"side":"bid"`, `"side":"both"`},
		{
			"the list in the published order",
			`{"total":1,"amount":2,"type":3,"taker_type":4,"maker_type":5,"trend":6,"created_at":7,"market_id":8,"market":9,"funds":10,"volume":11,"price":12,"id":13}`,
			`"total":1,"amount":2,"type":3,"taker_type":4,"maker_type":5,"trend":6,"created_at":7,"market_id":8,"market":9,"funds":10,"volume":11,"price":12,"id":13,"side":"ask"`,
			`"total":1,"amount":2,"type":3,"taker_type":4,"maker_type":5,"trend":6,"created_at":7,"market_id":8,"market":9,"funds":10,"volume":11,"price":12,"id":13,"side":"bid"`,
			`"total":1,"amount":2,"type":3,"taker_type":4,"maker_type":5,"trend":6,"created_at":7,"market_id":8,"market":9,"funds":10,"volume":11,"price":12,"id":13,"side":"both"`,
		},
		{
			"the rest is left out",
			`{"x":1,"side":"buy","order_id":9,"uid":"A","email":"a@b.c","member_id":1,"ask_member_uid":"A","ask_fee":1,"trades":[{"id":1}],"action":"a","ID":1}`,
			`"side":"ask"`, `"side":"bid"`, `"side":"both"`,
		},
		{
			"keys escaped",
			`{"\u0069d":1,"\u0078":1,"\u0062id":{"ui\u0064":1,"x":2},"ask\u005fid":3}`,
			`"\u0069d":1,"side":"ask","order_id":3`,
			`"\u0069d":1,"side":"bid","bid":{"x":2}`,
			`"\u0069d":1,"side":"both","bid":{"x":2}`,
		},
		{
			"only scalars of the list",
			`{"id":{"a":1},"price":[],"volume":null,"funds":true,"market":" x ","created_at": 0.10 }`,
			`"volume":null,"funds":true,"market":" x ","created_at":0.10,"side":"ask"`,
			`"volume":null,"funds":true,"market":" x ","created_at":0.10,"side":"bid"`,
			`"volume":null,"funds":true,"market":" x ","created_at":0.10,"side":"both"`,
		},
		{
			"order ids and orders",
			`{"bid":{"id":22,"uid":"B"},"ask":{"id":11,"uid":"A"},"bid_id":"2","ask_id":1}`,
			`"side":"ask","order_id":1,"ask":{"id":11}`,
			`"side":"bid","order_id":"2","bid":{"id":22}`,
			`"side":"both","ask":{"id":11},"bid":{"id":22}`,
		},
		{
			"order ids of the orders",
			`{"ask":{"id":11},"bid":{"id":12345678901234567890}}`,
			`"side":"ask","order_id":11,"ask":{"id":11}`,
			`"side":"bid","order_id":12345678901234567890,"bid":{"id":12345678901234567890}`,
			`"side":"both","ask":{"id":11},"bid":{"id":12345678901234567890}`,
		},
		{
			"orders without ids, one empty",
			`{"ask":{},"bid":{"member_uid":"B"}}`,
			`"side":"ask","ask":{}`, `"side":"bid","bid":{}`, `"side":"both","ask":{},"bid":{}`,
		},
		{
			"orders null",
			`{"ask":null,"bid":null,"ask_id":1}`,
			`"side":"ask","order_id":1`, `"side":"bid"`, `"side":"both"`,
		},
		{
			"an order's trades",
			`{"ask":{"trades":[{"id":1,"bid":{"id":2},"bid_member_id":3}]}}`,
			`"side":"ask","ask":{"trades":[{"id":1}]}`, `"side":"bid"`, `"side":"both","ask":{"trades":[{"id":1}]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			view := func(uid event.UID, members string) event.Event {
				return event.Event{UID: uid, Kind: event.Trade, Message: []byte(`{"trade":{` + members + `}}`)}
			}
			want := event.Outcome{Events: []event.Event{view("A", tt.ask), view("B", tt.bid)}}
			if d := diff(want, decode(t, event.Trade, named, tt.body)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			want = event.Outcome{Events: []event.Event{view("A", tt.both)}}
			got := decode(t, event.Trade, headers{"ask_member_uid": "A", "bid_member_uid": "A"}, tt.body)
			if d := diff(want, got); d != "" {
				t.Errorf("one user (-want +got)\n%s", d)
			}
		})
	}
}

func TestTrade_KeepsOnlyScalarsOfListedFields(t *testing.T) {
	named := headers{"ask_member_uid": "A"}
	seller := func(t *testing.T, body, want string) {
		t.Helper()
		out := sent("A", event.Trade, `{"trade":{`+want+`}}`)
		out.Undelivered = []event.Reason{event.NoOwner}
		if d := diff(out, decode(t, event.Trade, named, body)); d != "" {
			t.Errorf("%s (-want +got)\n%s", body, d)
		}
	}
	for _, v := range kinds {
		t.Run(v, func(t *testing.T) {
			scalar := v[0] != '{' && v[0] != '['
			for _, key := range []string{"id", "price", "volume", "funds", "market", "market_id", "created_at", "trend", "maker_type", "taker_type", "type", "amount", "total"} {
				want := `"side":"ask"`
				if scalar {
					want = `"` + key + `":` + v + `,` + want
				}
				seller(t, `{"`+key+`":`+v+`}`, want)
			}
			for _, key := range []string{"side", "order_id", "bid_id", "trades", "action", "member_uid", "x"} {
				seller(t, `{"`+key+`":`+v+`}`, `"side":"ask"`)
			}

			id := ``
			if scalar && v != `null` {
				id = `,"order_id":` + v
			}
			seller(t, `{"ask_id":`+v+`}`, `"side":"ask"`+id)
			seller(t, `{"ask":{"id":`+v+`}}`, `"side":"ask"`+id+`,"ask":{"id":`+v+`}`)
			if id == `` {
				id = `,"order_id":7`
			}
			seller(t, `{"ask_id":`+v+`,"ask":{"id":7}}`, `"side":"ask"`+id+`,"ask":{"id":7}`)

			for _, key := range []string{"ask", "bid"} {
				body := `{"` + key + `":` + v + `}`
				switch {
				case v == `null` || v[0] == '{' && key == "bid":
					seller(t, body, `"side":"ask"`)
				case v[0] == '{':
					seller(t, body, `"side":"ask","ask":`+v)
				default:
					wantBad(t, event.Trade, named, body, event.BadField)
					wantBad(t, event.Trade, nil, body, event.BadField)
				}
			}
		})
	}
}

func TestTrade_MessagesShareNoMemory(t *testing.T) {
	got := decode(t, event.Trade, sides(), golden(t, "trade.json"))
	_ = append(got.Events[0].Message, "overwritten, overwritten, overwritten"...)
	for i := range got.Events[0].Message {
		got.Events[0].Message[i] = '!'
	}
	if now, want := string(got.Events[1].Message), golden(t, "trade.buyer.json"); now != want {
		t.Errorf("got %s, want %s", now, want)
	}
}

func TestTrade_SidesAreIndependent(t *testing.T) {
	askView := `{"trade":{"id":1,"side":"ask"}}`
	bidView := `{"trade":{"id":1,"side":"bid"}}`
	one := func(uid event.UID, view string, missing event.Reason, ids ...string) event.Outcome {
		out := sent(uid, event.Trade, view)
		out.Undelivered, out.Members = []event.Reason{missing}, ids
		return out
	}
	withID := func(out event.Outcome, id string) event.Outcome {
		out.Members = []string{id}
		return out
	}
	for _, tt := range []struct {
		name    string
		headers headers
		body    string
		want    event.Outcome
	}{
		{"neither", nil, `{"id":1}`, undelivered(event.NoOwner, event.NoOwner)},
		{"seller by id, buyer none", headers{"ask_member_id": 1}, `{"id":1}`, withID(undelivered(event.UnknownMember, event.NoOwner), "1")},
		{"seller none, buyer by id", headers{"bid_member_id": 1}, `{"id":1}`, withID(undelivered(event.NoOwner, event.UnknownMember), "1")},
		{"seller known, buyer none", headers{"ask_member_uid": "A"}, `{"id":1}`, one("A", askView, event.NoOwner)},
		{"seller known, buyer by id", headers{"ask_member_uid": "A"}, `{"id":1,"bid_member_id":2}`, one("A", askView, event.UnknownMember, "2")},
		{"buyer known, seller none", headers{"bid_member_uid": "B"}, `{"id":1}`, one("B", bidView, event.NoOwner)},
		{"buyer known, seller by id", headers{"bid_member_uid": "B"}, `{"id":1,"ask_member_id":2}`, one("B", bidView, event.UnknownMember, "2")},
		{"seller known, buyer bad header", headers{"ask_member_uid": "A", "bid_member_uid": 1}, `{"id":1}`, undelivered(event.BadHeader)},
		{"seller bad field, buyer known", headers{"bid_member_uid": "B"}, `{"id":1,"ask_member_uid":1}`, undelivered(event.BadField)},
		{"seller known, ask's uid bad but not looked at", headers{"ask_member_uid": "A"}, `{"id":1,"ask_member_uid":1}`, one("A", askView, event.NoOwner)},
		{"same uid from different places", headers{"ask_member_uid": "A"}, `{"id":1,"bid_member_uid":"A"}`, sent("A", event.Trade, `{"trade":{"id":1,"side":"both"}}`)},
		{"uids that differ in case", headers{"ask_member_uid": "A", "bid_member_uid": "a"}, `{"id":1}`, event.Outcome{Events: []event.Event{
			{UID: "A", Kind: event.Trade, Message: []byte(askView)},
			{UID: "a", Kind: event.Trade, Message: []byte(bidView)},
		}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := diff(tt.want, decode(t, event.Trade, tt.headers, tt.body)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}
