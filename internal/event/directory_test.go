package event_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ranger/internal/event"
)

// asked is a Directory that returns one uid for every id and records the ids.
type asked struct {
	uid event.UID
	ids []string
}

func (a *asked) UID(member string) (event.UID, bool) {
	a.ids = append(a.ids, member)
	return a.uid, true
}

// idValues are member ids as a header or, in raw JSON, a body has them, and their
// canonical texts.
func idValues(p place) map[any]string {
	if p.in == "header" {
		return map[any]string{
			int8(-1): "-1", uint8(255): "255", int16(-300): "-300", uint16(65535): "65535", int32(11): "11",
			uint32(1 << 31): "2147483648", int64(-1 << 63): "-9223372036854775808", uint64(1<<64 - 1): "18446744073709551615",
			int(0): "0", "11": "11", "00011": "00011", strings.Repeat("9", 400): strings.Repeat("9", 400),
		}
	}
	return map[any]string{
		"0": "0", "-0": "0", "11": "11", "-11": "-11", "12345678901234567890": "12345678901234567890",
		`"11"`: "11", `"\u0031\u0031"`: "11", `"00011"`: "00011", strings.Repeat("9", 400): strings.Repeat("9", 400),
	}
}

// I1: an id yields the same event as a uid, in every form and in every place.
func TestDecode_ResolvesIDsInEveryPlace(t *testing.T) {
	for _, s := range searches {
		rows := places(s.kind, s.side)
		for i, p := range rows {
			if !p.isID() {
				continue
			}
			named := rows[i-1] // the uid of the same level
			h, body := message(map[place]any{named: map[bool]any{true: "IDFOUND", false: `"IDFOUND"`}[named.in == "header"]})
			want := decode(t, s.kind, h, body).Events[0].UID
			for id, text := range idValues(p) {
				t.Run(fmt.Sprintf("%s %s/%s %s/%T %.20v", s.kind, s.side, p.in, p.key, id, id), func(t *testing.T) {
					h, body := message(map[place]any{p: id})
					members := &asked{uid: "IDFOUND"}
					got := decodeWith(t, members, s.kind, h, body)
					if len(got.Events) != 1 || got.Events[0].UID != want {
						t.Fatalf("got %v, want an event for %s", got, want)
					}
					if !slices.Equal(members.ids, []string{text}) {
						t.Errorf("the directory was asked for %q, want %q", members.ids, text)
					}
					unknown := decodeWith(t, directory{"x": "IDFOUND"}, s.kind, h, body)
					if len(unknown.Events) != 0 || !slices.Equal(unknown.Members, []string{text}) {
						t.Errorf("got %v for an unknown id, want no event and the id %q", unknown, text)
					}
				})
			}
		}
	}
}

func TestTrade_OwnersMayBeNamedByID(t *testing.T) {
	trade := golden(t, "trade.json")
	known := directory{"11": seller, "12": buyer, "13": seller}
	sellers, buyers := golden(t, "trade.seller.json"), golden(t, "trade.buyer.json")
	views := event.Outcome{Events: []event.Event{
		{UID: seller, Kind: event.Trade, Message: []byte(sellers)},
		{UID: buyer, Kind: event.Trade, Message: []byte(buyers)},
	}}
	both := sent(seller, event.Trade, golden(t, "trade.both.json"))
	for _, tt := range []struct {
		name    string
		members directory
		headers headers
		want    event.Outcome
	}{
		{"both by id", known, headers{"ask_member_id": int64(11), "bid_member_id": int64(12)}, views},
		{"both by id in the body", known, nil, views},
		{"one by uid, one by id", known, headers{"ask_member_uid": string(seller), "bid_member_id": "12"}, views},
		{"one user with one id", known, headers{"ask_member_id": 11, "bid_member_id": 11}, both},
		{"one user with two ids", known, headers{"ask_member_id": 11, "bid_member_id": 13}, both},
		{"one user, once by uid and once by id", known, headers{"ask_member_uid": string(seller), "bid_member_id": 13}, both},
		{"the uid counts before the id", known, headers{"ask_member_uid": string(seller), "ask_member_id": 12, "bid_member_uid": string(buyer), "bid_member_id": 11}, views},
		{"an unknown id in the header, a known one in the body", known, headers{"ask_member_id": 99, "bid_member_id": 98}, unknown("99", "98")},
		{"only the seller known", directory{"11": seller}, nil, event.Outcome{
			Events: views.Events[:1], Undelivered: []event.Reason{event.UnknownMember}, Members: []string{"12"},
		}},
		{"only the buyer known", directory{"12": buyer}, nil, event.Outcome{
			Events: views.Events[1:], Undelivered: []event.Reason{event.UnknownMember}, Members: []string{"11"},
		}},
		{"both unknown", directory{}, nil, unknown("11", "12")},
		{"an invalid header after an unknown id", directory{}, headers{"bid_member_id": 1.5}, undelivered(event.BadHeader)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := diff(tt.want, decodeWith(t, tt.members, event.Trade, tt.headers, trade)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
	t.Run("no directory", func(t *testing.T) {
		if d := diff(unknown("11", "12"), decode(t, event.Trade, nil, trade)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
	t.Run("one side without an owner", func(t *testing.T) {
		want := event.Outcome{Undelivered: []event.Reason{event.NoOwner, event.UnknownMember}, Members: []string{"5"}}
		if d := diff(want, decode(t, event.Trade, nil, `{"bid_member_id":5}`)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// I1: a uid of the directory that no token can have counts as unknown.
func TestDirectory_InvalidUIDCountsAsUnknown(t *testing.T) {
	for _, uid := range []event.UID{"", " ", "\u00a0", "a\x00", "a\nb", "a\xff", event.UID(strings.Repeat("x", event.MaxUID+1))} {
		t.Run(fmt.Sprintf("%.8q", uid), func(t *testing.T) {
			if d := diff(unknown("11"), decodeWith(t, directory{"11": uid}, event.Order, nil, `{"member_id":11}`)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestDirectory_IsNotAskedIfUIDIsPresent(t *testing.T) {
	members := &asked{uid: "IDOTHER"}
	decodeWith(t, members, event.Trade, headers{
		"ask_member_uid": string(seller), "ask_member_id": 11, "bid_member_uid": string(buyer), "bid_member_id": 12,
	}, golden(t, "trade.json"))
	if len(members.ids) != 0 {
		t.Errorf("the directory was asked for %q, want nothing", members.ids)
	}
}
