package event_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ranger/internal/event"
)

// fuzzHeaders builds headers from the fuzzer's input: which selects the header that
// has the text, and its type.
func fuzzHeaders(which uint8, text string) headers {
	keys := []string{"member_uid", "member_id", "ask_member_uid", "ask_member_id", "bid_member_uid", "bid_member_id"}
	h := headers{}
	value := []any{text, nil, int64(len(text)), []byte(text)}[which>>6]
	switch n := int(which & 7); {
	case n < len(keys):
		h[keys[n]] = value
	case n == len(keys):
		for _, key := range keys {
			h[key] = value
		}
	}
	return h
}

// seeds returns bodies, including malicious ones.
func seeds(tb testing.TB) []string {
	bodies := []string{
		golden(tb, "trade.json"), golden(tb, "order.json"), benchOrder,
		"", " ", "{}", "null", "[]", `""`, "0", "{", "}", "[", `{"a"`, `{"a":`, `{"`, `{"\`, `{"\u`, `{"\ud800\u`, "{}{}",
		`{"action":"add","order":{"member_uid":"ID"}}`,
		`{"member\u005fuid":"ID","ui\u0064":1,"\u0065mail":2}`,
		`{"\u0062id":{"uid":1,"trades":[{"\u0069d":1}]},"ask_member_uid":"A","bid_member_uid":"A"}`,
		`{"a":1,"\u0061":1}`, `{"ask":{"a":1,"a":2}}`, `{"trades":[{"a":1,"a":2}]}`, `{"x":{"a":1,"a":2}}`,
		`{"\ud800":1,"\udfff":2}`, `{"member_uid":"\ud800"}`, `{"member_uid":"\ud83d\ude00"}`, `{"member_uid":"\u0000"}`,
		"\ufeff{}", "\x00", "{}\x00", "{\"a\":\"\x00\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\xaf\"}", "{\"\xff\":1}", "\xff\xfe{\x00}\x00",
		`{"member_id":` + strings.Repeat("9", 400) + `,"price":1E400}`, `{"id":-0,"a":0.10,"b":1e-7,"member_uid":"ID"}`,
		`{"id":01}`, `{"id":1.}`, `{"id":.5}`, `{"id":+1}`, `{"id":1e}`, `{"id":-}`, `{"id":NaN}`,
		nested(32), nested(33), nested(10_001), strings.Repeat("[", 100), `{"a":` + nested(31) + `}`, `{"a":` + nested(32) + `}`,
		`{"a":` + nested(33) + `x`, `{"a":x` + nested(33), strings.Repeat(`{"a":`, 33), `{"ask":{"trades":[{"a":` + nested(29) + `}]}}`,
		`{"member_id":11}`, `{"member_id":-11}`, `{"member_id":-0}`, `{"member_id":99999999999999999999}`, `{"member_id":"011"}`,
		`{"ask_member_id":11,"bid_member_id":"11"}`, `{"ask_member_id":11,"bid_member_uid":"ID092B2AF8E87"}`, `{"ask_member_id":12,"bid_member_id":13}`,
		"{\"member_uid\":\"ID\"," + strings.Repeat(`"a":[ ],`, 30) + `"b":1}`,
		" {\r\n\t\"a b\" : [ 1 , { \"c\" : \" \\\" , ] \" } ] , \"member_uid\" : \"ID\" } ",
	}
	for _, v := range append(slices.Clone(kinds), `"11"`, `" "`, `1.5`, `-11`, `"`+strings.Repeat("x", 256)+`"`) {
		for _, key := range []string{"member_uid", "member_id", "uid", "email", "action", "trades", "id"} {
			bodies = append(bodies, fmt.Sprintf(`{"%s":%s}`, key, v), fmt.Sprintf(`{"ask":{"%s":%s},"bid":{"%s":%s}}`, key, v, key, v))
		}
		for _, key := range []string{"ask", "bid", "ask_id", "bid_id", "ask_member_uid", "bid_member_id", "side", "order_id", "price"} {
			bodies = append(bodies, fmt.Sprintf(`{"%s":%s}`, key, v), fmt.Sprintf(`{"trades":[{"%s":%s}]}`, key, v))
		}
		bodies = append(bodies, v, `{"trades":[`+v+`]}`, `{"ask":{"trades":[`+v+`]}}`, `{"bid":{"trades":[{},`+v+`]}}`)
	}
	return bodies
}

func FuzzDecode(f *testing.F) {
	members := directory{
		"0": "ID0", "11": "ID092B2AF8E87", "12": "ID", "7": "IDSELLER00001", "-11": "IDMINUS",
		"255": "", "256": event.UID(strings.Repeat("x", 256)), "2": "a\x00", "4": "a\xff", "99999999999999999999": "ID20",
	}
	for _, body := range seeds(f) {
		for _, kind := range []event.Kind{event.Order, event.Trade} {
			f.Add(uint8(kind), uint8(7), "", []byte(body))
			f.Add(uint8(kind), uint8(6), "ID092B2AF8E87", []byte(body))
		}
	}
	for which := range 8 {
		for _, typed := range []int{0, 64, 128, 192} {
			for _, text := range []string{"ID", "", " ", "11", "13", "256", "99999999999999999999", "a\xff", "a\x00", strings.Repeat("x", 256)} {
				f.Add(uint8(event.Order), uint8(which|typed), text, []byte(`{"id":1}`))
				f.Add(uint8(event.Trade), uint8(which|typed), text, []byte(`{"id":1,"bid_member_uid":"ID","ask":{"member_uid":"ID"}}`))
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind, which uint8, text string, body []byte) {
		d := event.Delivery{Kind: event.Kind(kind), Headers: fuzzHeaders(which, text), Body: body}
		got := decodeWith(t, members, d.Kind, d.Headers, string(body))

		if d := diff(reference(d, members), got); d != "" {
			t.Fatalf("%q\n(-reference +got)\n%s", body, d)
		}
		// The most important property, checked without the reference.
		if d.Kind == event.Order || d.Kind == event.Trade {
			isText := true
			for _, r := range got.Undelivered {
				if r == event.TooBig || r == event.TooDeep {
					return
				}
				isText = r != event.NotUTF8 && r != event.NotJSON
			}
			if want := json.Valid(body) && utf8.Valid(body); isText != want {
				t.Fatalf("valid JSON in UTF-8: %t, but got %v for %q", want, got.Undelivered, body)
			}
		}
	})
}
