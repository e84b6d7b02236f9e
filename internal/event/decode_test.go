package event_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ranger/internal/event"
)

func TestDecode_ReturnsTheFixtures(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    event.Kind
		headers headers
		body    string
		want    event.Outcome
	}{
		{
			"trade, both parties", event.Trade, sides(), "trade.json",
			event.Outcome{Events: []event.Event{
				{UID: seller, Kind: event.Trade, Message: []byte(golden(t, "trade.seller.json"))},
				{UID: buyer, Kind: event.Trade, Message: []byte(golden(t, "trade.buyer.json"))},
			}},
		},
		{
			"trade, one user on both sides", event.Trade,
			headers{"ask_member_uid": string(seller), "bid_member_uid": string(seller)},
			"trade.json",
			sent(seller, event.Trade, golden(t, "trade.both.json")),
		},
		{
			"trade, only the seller known", event.Trade,
			headers{"ask_member_uid": string(seller)},
			"trade.json",
			event.Outcome{
				Events:      []event.Event{{UID: seller, Kind: event.Trade, Message: []byte(golden(t, "trade.seller.json"))}},
				Undelivered: []event.Reason{event.UnknownMember},
				Members:     []string{"12"},
			},
		},
		{
			"trade, only the buyer known", event.Trade,
			headers{"bid_member_uid": string(buyer)},
			"trade.json",
			event.Outcome{
				Events:      []event.Event{{UID: buyer, Kind: event.Trade, Message: []byte(golden(t, "trade.buyer.json"))}},
				Undelivered: []event.Reason{event.UnknownMember},
				Members:     []string{"11"},
			},
		},
		{
			"order", event.Order, nil, "order.json",
			sent("ID092B2AF8E87", event.Order, golden(t, "order.owner.json")),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := decode(t, tt.kind, tt.headers, golden(t, tt.body))
			if d := diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestDecode_ReturnsEachReason(t *testing.T) {
	// The simplest message for each Reason.
	plain := []struct {
		want    event.Reason
		kind    event.Kind
		headers headers
		body    string
	}{
		{event.NoOwner, event.Order, nil, `{"id":1}`},
		{event.UnknownMember, event.Order, nil, `{"id":1,"member_id":11}`},
		{event.Broadcast, event.Order, nil, `{"action":"add","order":{"id":1}}`},
		{event.UnknownExchange, 0, headers{"member_uid": "ID"}, `{"id":1}`},
		{event.TooBig, event.Order, headers{"member_uid": "ID"}, `{"id":"` + strings.Repeat("9", maxBody) + `"}`},
		{event.NotUTF8, event.Order, headers{"member_uid": "ID"}, "{\"id\":\"\xff\"}"},
		{event.TooDeep, event.Order, headers{"member_uid": "ID"}, `{"id":` + nested(32) + `}`},
		{event.NotJSON, event.Order, headers{"member_uid": "ID"}, `{"id":}`},
		{event.NotObject, event.Order, headers{"member_uid": "ID"}, `[]`},
		{event.DuplicateKey, event.Order, headers{"member_uid": "ID"}, `{"id":1,"id":1}`},
		{event.BadHeader, event.Order, headers{"member_uid": 1.5}, `{"id":1}`},
		{event.BadField, event.Order, nil, `{"member_uid":11}`},
	}
	seen := []event.Reason{event.Undeliverable} // such a message does not come
	for _, tt := range plain {
		t.Run(string(tt.want), func(t *testing.T) {
			got := decode(t, tt.kind, tt.headers, tt.body)
			if !slices.Equal(got.Undelivered, []event.Reason{tt.want}) || len(got.Events) != 0 {
				t.Errorf("got %v and %d events, want %s", got.Undelivered, len(got.Events), tt.want)
			}
		})
		seen = append(seen, tt.want)
	}
	all := event.Reasons()
	slices.Sort(all)
	slices.Sort(seen)
	if !slices.Equal(all, seen) {
		t.Errorf("got Reasons() %v, want those of the test, %v", all, seen)
	}
}

func TestDecode_ReturnsTheFirstOfSeveralReasons(t *testing.T) {
	broken := "{\"member_uid\":1,\"trades\":1,\"a\":1,\"a\":\"\xff\"" + nested(40) + strings.Repeat(" ", maxBody)
	valid := strings.ReplaceAll(strings.TrimSpace(broken), "\xff", "")
	for _, tt := range []struct {
		name    string
		kind    event.Kind
		headers headers
		body    string
		want    event.Reason
	}{
		{"unknown exchange before all else", 3, headers{"member_uid": 1}, broken, event.UnknownExchange},
		{"too big before not UTF-8", event.Order, headers{"member_uid": 1}, broken, event.TooBig},
		{"not UTF-8 before not JSON", event.Order, headers{"member_uid": 1}, strings.TrimSpace(broken), event.NotUTF8},
		{"not JSON before too deep, if it comes first", event.Order, headers{"member_uid": 1}, valid, event.NotJSON},
		{"too deep before not JSON, if it comes first", event.Order, nil, `{"a":` + nested(40) + `x`, event.TooDeep},
		{"too deep before not an object", event.Order, nil, nested(33), event.TooDeep},
		{"not JSON before not an object", event.Order, nil, `[1,]`, event.NotJSON},
		{"not JSON before a duplicate key", event.Order, nil, `{"a":1,"a":1`, event.NotJSON},
		{"a duplicate key before invalid trades", event.Order, nil, `{"trades":1,"a":1,"a":1}`, event.DuplicateKey},
		{"a duplicate key before an invalid header", event.Order, headers{"member_uid": 1}, `{"a":1,"a":1}`, event.DuplicateKey},
		{"invalid trades before an invalid header", event.Order, headers{"member_uid": 1}, `{"trades":1}`, event.BadField},
		{"invalid trades before no owner", event.Order, nil, `{"trades":1}`, event.BadField},
		{"an invalid ask before an invalid header", event.Trade, headers{"ask_member_uid": 1}, `{"ask":1}`, event.BadField},
		{"an invalid header of the seller before an invalid field of the buyer", event.Trade, headers{"ask_member_uid": 1}, `{"bid_member_uid":1}`, event.BadHeader},
		{"an invalid field of the seller before an invalid header of the buyer", event.Trade, headers{"bid_member_uid": 1}, `{"ask_member_uid":1}`, event.BadField},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantBad(t, tt.kind, tt.headers, tt.body, tt.want)
		})
	}
}

func TestDecode_RefusesBodiesAboveTheMaximum(t *testing.T) {
	body := []byte(`{"id":1,"member_uid":"ID"}`)
	for _, tt := range []struct {
		limit  int
		events int
	}{{len(body), 1}, {len(body) - 1, 0}, {0, 0}, {-1, 0}} {
		t.Run(fmt.Sprint(tt.limit), func(t *testing.T) {
			got := event.Decode(event.Delivery{Kind: event.Order, Body: body}, tt.limit, nil)
			if len(got.Events) != tt.events {
				t.Errorf("got %v, want %d events", got, tt.events)
			}
		})
	}
}

func TestDecode_RecognizesBroadcasts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    event.Kind
		headers headers
		body    string
		want    event.Outcome
	}{
		{"no owner", event.Order, nil, `{"action":"add","order":{"id":1,"member_uid":"ID"}}`, undelivered(event.Broadcast)},
		{"null action", event.Order, nil, `{"action":null}`, undelivered(event.Broadcast)},
		{"escaped", event.Order, nil, `{"\u0061ction":"add"}`, undelivered(event.Broadcast)},
		{"action below the top", event.Order, nil, `{"order":{"action":"add"}}`, undelivered(event.NoOwner)},
		{"owner by id", event.Order, nil, `{"action":"add","member_id":1}`, unknown("1")},
		{"owner", event.Order, headers{"member_uid": "ID"}, `{"action":"add"}`, sent("ID", event.Order, `{"orderbook":{"action":"add"}}`)},
		{"trade", event.Trade, nil, `{"action":"add"}`, undelivered(event.NoOwner, event.NoOwner)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := diff(tt.want, decode(t, tt.kind, tt.headers, tt.body)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}
