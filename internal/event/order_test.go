package event_test

import (
	"fmt"
	"strings"
	"testing"

	"ranger/internal/event"
)

// kinds are values of every JSON kind.
var kinds = []string{`null`, `true`, `false`, `0`, `-1.50`, `""`, `"text"`, `[]`, `[1]`, `[[]]`, `[null]`, `{}`, `{"a":1}`}

func TestOrder_OmitsIdentityAndOtherSide(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"empty", `{}`, `{}`},
		{"only identity", `{"member_uid":"ID","member_id":1,"uid":"ID","email":"a@b.c"}`, `{}`},
		{"identity first", `{"uid":"ID","id":1}`, `{"id":1}`},
		{"identity last", `{"id":1,"uid":"ID"}`, `{"id":1}`},
		{"identity between", `{"id":1,"email":"a@b.c","side":"buy"}`, `{"id":1,"side":"buy"}`},
		{"identity escaped", `{"ui\u0064":"ID","\u0065mail":1,"member\u005fid":1,"id":1}`, `{"id":1}`},
		{"identity of another case passes", `{"UID":"ID"}`, `{"UID":"ID"}`},
		{"identity further down passes", `{"x":{"uid":"ID"}}`, `{"x":{"uid":"ID"}}`},
		{"published order kept", `{"b":1,"a":2,"id":3}`, `{"b":1,"a":2,"id":3}`},
		{"unknown nested fields", `{"x":{"y":[{"z":null}]}}`, `{"x":{"y":[{"z":null}]}}`},
		{"white space", " {\r\n\t\"a\" : [ 1 , { \"b c\" : \" d \" } , [ ] , { } ] \n} ", `{"a":[1,{"b c":" d "},[],{}]}`},
		{"white space in a string that looks like an end", `{"a":[ "\" , ]" ] }`, `{"a":["\" , ]"]}`},
		{"backslash at a string's end", `{"a":[ "\\" , " " ] }`, `{"a":["\\"," "]}`},
		{"escapes as published", `{"\u0061":"\u00e9\/\ud83d\ude00\ud800"}`, `{"\u0061":"\u00e9\/\ud83d\ude00\ud800"}`},
		{"characters as published", `{"é":"<>&` + "\u2028" + `😀"}`, `{"é":"<>&` + "\u2028" + `😀"}`},
		{"empty key", `{"":1}`, `{"":1}`},
		{"trades null", `{"trades": null }`, `{"trades":null}`},
		{"trades empty", `{"trades":[ ]}`, `{"trades":[]}`},
		{"trades of an empty element", `{"trades":[ { } ]}`, `{"trades":[{}]}`},
		{"trades of several", `{"trades":[{"id":1}, {"id":2} ,{"x":3},{"id":4}]}`, `{"trades":[{"id":1},{"id":2},{},{"id":4}]}`},
		{
			"trades keep the list", `{"trades":[{"total":1,"amount":1,"type":1,"taker_type":1,"maker_type":1,"trend":1,"created_at":1,"market_id":1,"market":1,"funds":1,"volume":1,"price":1,"id":1,"side":1,"order_id":1}]}`,
			`{"trades":[{"total":1,"amount":1,"type":1,"taker_type":1,"maker_type":1,"trend":1,"created_at":1,"market_id":1,"market":1,"funds":1,"volume":1,"price":1,"id":1,"side":1,"order_id":1}]}`,
		},
		{"trades lose the rest", `{"trades":[{"ask":{"id":1},"bid":1,"ask_id":1,"bid_id":1,"ask_member_id":1,"member_uid":"ID","uid":1,"email":1,"x":1,"id":1}]}`, `{"trades":[{"id":1}]}`},
		{"trades keep scalars only", `{"trades":[{"id":{},"price":[],"volume":[1],"funds":{"a":1},"side":[],"order_id":{},"trend":null,"type":true,"total":"1"}]}`, `{"trades":[{"trend":null,"type":true,"total":"1"}]}`},
		{"trades escaped", `{"trade\u0073":[{"\u0069d":1,"\u0078":1}]}`, `{"trade\u0073":[{"\u0069d":1}]}`},
		{"trades further down pass", `{"x":{"trades":[{"secret":1}]}}`, `{"x":{"trades":[{"secret":1}]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantOrder(t, tt.body, tt.want)
			want := sent("IDOWNER", event.Trade, `{"trade":{"side":"ask","order_id":7,"ask":`+tt.want+`}}`)
			want.Undelivered = []event.Reason{event.NoOwner}
			got := decode(t, event.Trade, headers{"ask_member_uid": "IDOWNER"}, `{"ask_id":7,"ask":`+tt.body+`}`)
			if d := diff(want, got); d != "" {
				t.Errorf("as a trade's own order (-want +got)\n%s", d)
			}
		})
	}
}

func TestOrder_OnlyTradesAreRestrictedInKind(t *testing.T) {
	for _, v := range kinds {
		t.Run(v, func(t *testing.T) {
			for _, key := range []string{"id", "side", "price", "state", "action", "ask", "bid", "x"} {
				body := `{"` + key + `":` + v + `}`
				wantOrder(t, body, body)
			}
			for _, key := range []string{"member_uid", "member_id", "uid", "email"} {
				wantOrder(t, `{"`+key+`":`+v+`}`, `{}`) // the header has the owner
			}
			body := `{"trades":` + v + `}`
			switch v {
			case `null`, `[]`:
				wantOrder(t, body, body)
			default:
				wantBad(t, event.Order, headers{"member_uid": "ID"}, body, event.BadField)
				wantBad(t, event.Trade, headers{"ask_member_uid": "ID"}, `{"ask":`+body+`}`, event.BadField)
				wantBad(t, event.Trade, headers{"ask_member_uid": "ID"}, `{"bid":`+body+`}`, event.BadField)
			}
			body = `{"trades":[{"id":1},` + v + `]}`
			if v[0] != '{' {
				wantBad(t, event.Order, headers{"member_uid": "ID"}, body, event.BadField)
			} else {
				wantOrder(t, body, `{"trades":[{"id":1},{}]}`)
			}
		})
	}
}

func TestOrder_MayExceedTheBuffer(t *testing.T) {
	// Longer than the buffer and with more members than it has capacity for.
	trades := strings.Repeat(`{"id":1,"price":"1.0","secret":1},`, 200)
	fields := strings.Repeat(`,[1,2]`, 200)
	for i := range 200 {
		fields = strings.Replace(fields, `,[`, fmt.Sprintf(`,"k%d":[`, i), 1)
	}
	body := `{"trades":[` + trades + `{}]` + fields + `}`
	wantOrder(t, body, strings.ReplaceAll(body, `,"secret":1`, ``))
}
