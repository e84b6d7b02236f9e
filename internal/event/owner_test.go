package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ranger/internal/event"
)

// place is one row of the search for an owner: a key in the headers, in the body
// or in the own order of a Trade.
type place struct {
	in, key string
}

// places returns the places that are searched for an owner, in order.
func places(kind event.Kind, side string) []place {
	if kind == event.Order {
		return []place{
			{"header", "member_uid"},
			{"header", "member_id"},
			{"body", "member_uid"},
			{"body", "member_id"},
		}
	}
	return []place{
		{"header", side + "_member_uid"},
		{"header", side + "_member_id"},
		{"body", side + "_member_uid"},
		{"body", side + "_member_id"},
		{side, "member_uid"},
		{side, "member_id"},
	}
}

// isID reports whether the place has a member id.
func (p place) isID() bool {
	return strings.HasSuffix(p.key, "_id")
}

// fault is the Reason for an invalid value in the place.
func (p place) fault() event.Reason {
	if p.in == "header" {
		return event.BadHeader
	}
	return event.BadField
}

// message builds headers and body with a value in each place: a Go value for a
// header, raw JSON for the rest.
func message(values map[place]any) (headers, string) {
	h := headers{}
	in := map[string]map[string]any{"body": {}}
	for p, v := range values {
		if p.in == "header" {
			h[p.key] = v
			continue
		}
		if in[p.in] == nil {
			in[p.in] = map[string]any{}
			in["body"][p.in] = in[p.in]
		}
		in[p.in][p.key] = json.RawMessage(v.(string))
	}
	body, err := json.Marshal(in["body"])
	if err != nil {
		panic(err)
	}
	return h, string(body)
}

// outcome returns the result for one side in one word: a uid or a Reason. The other
// side of a Trade has no owner.
func outcome(t *testing.T, kind event.Kind, side string, h headers, body string) string {
	t.Helper()
	got := decode(t, kind, h, body)
	switch {
	case len(got.Events) == 1:
		return string(got.Events[0].UID)
	case len(got.Undelivered) == 2 && side == "bid":
		return string(got.Undelivered[1])
	}
	return string(got.Undelivered[0])
}

// searches are the three searches of the table.
var searches = []struct {
	kind event.Kind
	side string
}{{event.Order, ""}, {event.Trade, "ask"}, {event.Trade, "bid"}}

// values returns values for a place by the result of the search.
func (p place) values() (present string, valid any, absent, invalid []any) {
	quoted := func(texts ...string) (values []any) {
		for _, s := range texts {
			if p.in == "header" {
				values = append(values, s)
				continue
			}
			raw, _ := json.Marshal(s)
			values = append(values, string(raw))
		}
		return values
	}
	absent = quoted("", " ", "\t\r\n", "\u00a0\u2003", strings.Repeat(" ", 1000))
	if p.in == "header" {
		absent = append(absent, nil)
		invalid = []any{true, 1.5, float32(1), []byte("ID"), []any{"ID"}, headers{"a": "b"}, time.Unix(0, 0), uint(1), struct{}{}}
	} else {
		absent = append(absent, "null", `"\u0020\u0009"`)
		invalid = []any{"true", "false", "1.5", "1e3", "1E3", "-1.0", "-0e1", "[]", "{}", `["ID"]`, `{"a":"ID"}`}
	}
	if p.isID() {
		valid, present = quoted("11")[0], string(event.UnknownMember)
		invalid = append(invalid, quoted("ID", "-11", "+11", "1 1", " 11", "11 ", "0x11", "1.0", "1e3", "١١", "11\x00")...)
		return present, valid, absent, invalid
	}
	valid, present = quoted("IDFOUND")[0], "IDFOUND"
	invalid = append(invalid, quoted(strings.Repeat("x", event.MaxUID+1), "a\x00", "a\nb", "\u0085a", "\x7f", "\u0000")...)
	if p.in == "header" {
		invalid = append(invalid, 11, int8(11), uint8(11), int16(11), uint16(11), int32(11), uint32(11), int64(11), uint64(11),
			"a\xff", "\xc0\xaf", "\xed\xa0\x80")
	} else {
		invalid = append(invalid, "11", "-11", "0", `"\ud800"`, `"a\udc00b"`, `"\udc00\ud800"`, `"\ud800\u0041"`, `"\ud800\\"`)
	}
	return present, valid, absent, invalid
}

func TestOwner_IsTheFirstThatIsPresent(t *testing.T) {
	for _, s := range searches {
		rows := places(s.kind, s.side)
		for i, p := range rows {
			present, valid, absent, invalid := p.values()
			t.Run(fmt.Sprintf("%s %s/%s %s", s.kind, s.side, p.in, p.key), func(t *testing.T) {
				try := func(name string, values map[place]any, want string) {
					t.Helper()
					h, body := message(values)
					if got := outcome(t, s.kind, s.side, h, body); got != want {
						t.Errorf("%s: headers %v, body %s: got %s, want %s", name, h, body, got, want)
					}
				}
				try("only one", map[place]any{p: valid}, present)

				// The places before are absent; those after are not searched.
				values := map[place]any{p: valid}
				for _, before := range rows[:i] {
					_, _, none, _ := before.values()
					values[before] = none[0]
				}
				try("all before absent", values, present)
				for _, after := range rows[i+1:] {
					_, _, _, wrong := after.values()
					values[after] = wrong[0]
				}
				try("all after invalid", values, present)

				for _, v := range absent {
					try("absent", map[place]any{p: v}, string(event.NoOwner))
					if i+1 < len(rows) {
						next, found, _, _ := rows[i+1].values()
						try("absent, the next present", map[place]any{p: v, rows[i+1]: found}, next)
					}
				}
				for _, v := range invalid {
					try("invalid", map[place]any{p: v}, string(p.fault()))
					for _, before := range rows[:i] {
						first, found, _, _ := before.values()
						try("invalid after a present one", map[place]any{before: found, p: v}, first)
					}
				}
			})
		}
	}
}

func TestOwner_HeaderMayHaveIDOfEveryType(t *testing.T) {
	for _, id := range []any{
		int8(-1), uint8(255), int16(-1), uint16(65535), int32(-1), uint32(1 << 31), int64(-1 << 63), uint64(1 << 63),
		int(0), "0", "00011", strings.Repeat("9", 400),
	} {
		t.Run(fmt.Sprintf("%T", id), func(t *testing.T) {
			for _, s := range searches {
				h, body := message(map[place]any{places(s.kind, s.side)[1]: id})
				if got := outcome(t, s.kind, s.side, h, body); got != string(event.UnknownMember) {
					t.Errorf("%v: got %s, want %s", id, got, event.UnknownMember)
				}
			}
		})
	}
}

func TestOwner_BodyMayHaveIDAsNumberOrString(t *testing.T) {
	for _, id := range []string{
		"0", "-0", "11", "-11", "12345678901234567890", strings.Repeat("9", 400), `"11"`, `"\u0031\u0031"`, `"0"`,
	} {
		t.Run(id[:min(len(id), 20)], func(t *testing.T) {
			for _, s := range searches {
				h, body := message(map[place]any{places(s.kind, s.side)[3]: id})
				if got := outcome(t, s.kind, s.side, h, body); got != string(event.UnknownMember) {
					t.Errorf("%s: got %s, want %s", id, got, event.UnknownMember)
				}
			}
		})
	}
}

func TestOwner_UIDsAreTakenExactly(t *testing.T) {
	long := strings.Repeat("é", event.MaxUID/2) + "x" // MaxUID bytes
	for _, tt := range []struct {
		name, json string
		want       event.UID
	}{
		{"plain", `"ID092B2AF8E87"`, "ID092B2AF8E87"},
		{"not trimmed", `" ID "`, " ID "},
		{"case kept", `"iD"`, "iD"},
		{"digits", `"11"`, "11"},
		{"escaped", `"\u0049\u0044\/\\\""`, `ID/\"`},
		{"surrogate pair", `"\ud83d\ude00"`, "😀"},
		{"replacement character", `"` + "\ufffd" + `"`, "\ufffd"},
		{"replacement character escaped", `"\ufffd"`, "\ufffd"},
		{"escaped backslash before u", `"\\ud800"`, `\ud800`},
		{"longest", `"` + long + `"`, event.UID(long)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := string(tt.want)
			for _, s := range searches {
				for _, p := range places(s.kind, s.side) {
					if p.isID() {
						continue
					}
					value := any(tt.json)
					if p.in == "header" {
						value = want
					}
					h, body := message(map[place]any{p: value})
					if got := outcome(t, s.kind, s.side, h, body); got != want {
						t.Errorf("%s %s: got %q, want %q", p.in, p.key, got, want)
					}
				}
			}
		})
	}
}

func TestOwner_IsNamedOnlyByItsKeys(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    event.Kind
		headers headers
		body    string
		want    string
	}{
		{"escaped", event.Order, nil, `{"member\u005fuid":"ID"}`, "ID"},
		{"escaped throughout", event.Order, nil, `{"\u006d\u0065\u006D\u0062er_uid":"ID"}`, "ID"},
		{"escaped side", event.Trade, nil, `{"\u0061sk":{"member\u005Fuid":"ID"}}`, "ID"},
		{"another case", event.Order, headers{"Member_UID": "ID"}, `{"MEMBER_UID":"ID"}`, "no_owner"},
		{"uid is no owner", event.Order, headers{"uid": "ID"}, `{"uid":"ID","email":"a@b.c"}`, "no_owner"},
		{"nested is no owner", event.Order, nil, `{"order":{"member_uid":"ID"}}`, "no_owner"},
		{"of an order in a trade", event.Trade, headers{"member_uid": "ID"}, `{"member_uid":"ID"}`, "no_owner"},
		{"of a trade in an order", event.Order, headers{"ask_member_uid": "ID"}, `{"ask_member_uid":"ID","ask":{"member_uid":"ID"}}`, "no_owner"},
		{"nil headers", event.Order, nil, `{}`, "no_owner"},
		{"ask null", event.Trade, nil, `{"ask":null}`, "no_owner"},
		{"ask's header in ask", event.Trade, nil, `{"ask":{"ask_member_uid":"ID"}}`, "no_owner"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := outcome(t, tt.kind, "ask", tt.headers, tt.body); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
