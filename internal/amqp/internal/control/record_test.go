package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp/internal/control"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/event"
)

// malformedRecords returns bodies with every kind of JSON value in every field, and
// in place of the body.
func malformedRecords() []string {
	all := []string{"", "{", "\xff", `{"at":}`, strings.Repeat("[", 100_000), `"ranger"`, "node-a/another/1"}
	for _, kind := range []string{"null", "true", "1.5", "-1", `""`, `"x"`, "[]", `[1]`, "{}", `{"a":1}`, "9223372036854775808", "1e400"} {
		all = append(all, kind)
		for _, field := range []string{"at", "from", "to", "reason"} { // which a record must have
			all = append(all, fmt.Sprintf(`{%q:%s}`, field, kind))
		}
		if kind != "-1" && kind != "null" { // which count as missing
			all = append(all, fmt.Sprintf(`{"node":"a","id":"b","n":1,"at":1,"looked":%s}`, kind))
		}
		all = append(all, fmt.Sprintf(`{"from":2,"to":1,"reason":"exchange","uid":"","member":%s}`, kind),
			fmt.Sprintf(`{"from":1,"to":2,"reason":%s}`, kind), fmt.Sprintf(`{"from":-1,"to":%s,"reason":"stream"}`, kind))
	}
	return append(all, `{"from":1,"to":2,"reason":"member"}`, `{"from":1,"to":2,"reason":"EXCHANGE"}`)
}

// delivery returns a message that came through an exchange, "" for the default one.
func delivery(exchange, typ, body string) *frame.Delivery {
	return &frame.Delivery{Exchange: []byte(exchange), Type: []byte(typ), Body: []byte(body)}
}

func TestParse_RejectsMalformedRecords(t *testing.T) {
	t.Parallel()
	for _, body := range malformedRecords() {
		for _, typ := range []string{control.MarkerType, control.GapType} {
			d := delivery("", typ, body)
			if m, ok := control.ParseMarker(d); ok {
				t.Errorf("ParseMarker of a %s %.100q = %+v, true, want false", typ, body, m)
			}
			if g, ok := control.ParseGap(d); ok {
				t.Errorf("ParseGap of a %s %.100q = %+v, true, want false", typ, body, g)
			}
		}
	}
}

// Nodes of two versions may share a stream during an upgrade: the encoding is fixed.
func TestMarker_EncodingIsThatOfEarlierVersions(t *testing.T) {
	t.Parallel()
	const body = `{"node":"node-a","id":"ABC","n":1,"at":1534776439123,"looked":1534776439000}`
	want := control.Marker{Node: "node-a", ID: "ABC", N: 1, At: 1534776439123, Checked: 1534776439000}
	got, ok := control.ParseMarker(delivery("", "ranger.marker", body))
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ParseMarker = %t (-want +got):\n%s", ok, diff)
	}
	if written, err := json.Marshal(want); string(written) != body || err != nil {
		t.Errorf("got the body %s, %v, want %s", written, err, body)
	}
}

func TestGap_EncodingIsThatOfEarlierVersions(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]event.Gap{
		`{"from":1,"to":2,"reason":"exchange"}`:                        {From: 1, To: 2, Reason: event.GapExchange},
		`{"from":1,"to":2,"reason":"member","uid":"ID1","member":"7"}`: {From: 1, To: 2, Reason: event.GapMember, UID: "ID1", Member: "7"},
	} {
		got, ok := control.ParseGap(delivery("", "ranger.gap", body))
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("ParseGap = %t (-want +got):\n%s", ok, diff)
		}
		if written := want.Record(); string(written) != body {
			t.Errorf("got the body %s, want %s", written, body)
		}
	}
}

func TestRecordType_IsEmptyForPublishersMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ exchange, typ, want string }{
		{"", "ranger.marker", "ranger.marker"},
		{"", "ranger.gap", "ranger.gap"},
		{"", "", ""},
		{"", "ranger", ""},
		{"peatio.trade", "ranger.marker", ""},
		{"peatio.trade", "ranger.gap", ""},
	} {
		if got := control.RecordType(c.exchange, c.typ); got != c.want {
			t.Errorf("RecordType(%q, %q) = %q, want %q", c.exchange, c.typ, got, c.want)
		}
	}
}

// Nothing panics. A message is not a marker and a gap at once, and neither if it
// came through an exchange. A gap that was parsed is written and parsed alike.
func FuzzRecord(f *testing.F) {
	for _, body := range malformedRecords() {
		f.Add(control.MarkerType, body)
		f.Add(control.GapType, body)
	}
	for _, reason := range event.GapReasons() {
		f.Add(control.GapType, string(event.Gap{From: 1, To: 2, Reason: reason, UID: "IDALICE00001", Member: "11"}.Record()))
	}
	f.Add(control.MarkerType, `{"node":"node-a","id":"ABC","n":1,"at":1534776439123,"looked":1534776439000}`)
	f.Fuzz(func(t *testing.T, typ, body string) {
		_, isMarker := control.ParseMarker(delivery("", typ, body))
		gap, isGap := control.ParseGap(delivery("", typ, body))
		if isMarker && isGap {
			t.Fatalf("%s %q is both marker and gap", typ, body)
		}
		if isGap {
			again, err := event.ParseGap(gap.Record())
			if diff := cmp.Diff(gap, again); err != nil || diff != "" {
				t.Fatalf("the gap of %q, written and parsed again: %v (-want +got):\n%s", body, err, diff)
			}
		}
		published := delivery("peatio.trade", typ, body)
		_, isMarker = control.ParseMarker(published)
		_, isGap = control.ParseGap(published)
		if isMarker || isGap {
			t.Fatalf("a publisher's %s %q is a marker: %t, a gap: %t, want neither", typ, body, isMarker, isGap)
		}
	})
}
