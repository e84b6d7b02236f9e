package event_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ranger/internal/event"
)

// maxBody is the limit of the tests, the default of AMQP_MAX_BODY_BYTES.
const maxBody = 256 << 10

// headers are AMQP headers.
type headers = map[string]any

// The parties of the fixture trade.
const (
	seller event.UID = "IDSELLER00001"
	buyer  event.UID = "IDBUYER000001"
)

// sides are headers that name both parties.
func sides() headers {
	return headers{"market": "btcusd", "ask_member_uid": string(seller), "bid_member_uid": string(buyer)}
}

// golden returns a file of testdata without the final line break.
func golden(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

// without removes the only occurrence of part from text.
func without(tb testing.TB, text, part string) string {
	tb.Helper()
	if n := strings.Count(text, part); n != 1 {
		tb.Fatalf("%q occurs %d times, want once", part, n)
	}
	return strings.Replace(text, part, "", 1)
}

// directory is a Directory.
type directory map[string]event.UID

func (d directory) UID(member string) (event.UID, bool) {
	uid, ok := d[member]
	return uid, ok
}

// decode decodes a delivery without a directory and checks what holds for every
// outcome.
func decode(tb rapid.TB, kind event.Kind, h headers, body string) event.Outcome {
	tb.Helper()
	return decodeWith(tb, nil, kind, h, body)
}

// decodeWith decodes like decode, with a directory.
func decodeWith(tb rapid.TB, members event.Directory, kind event.Kind, h headers, body string) event.Outcome {
	tb.Helper()
	d := event.Delivery{Kind: kind, Headers: h, Body: []byte(body)}
	got := event.Decode(d, maxBody, members)
	if string(d.Body) != body {
		tb.Fatalf("the body was changed to %q", d.Body)
	}
	ids := strings.Join(got.Members, " ")
	before := make([]string, len(got.Events))
	for i, e := range got.Events {
		before[i] = string(e.UID) + string(e.Message)
	}
	copy(d.Body, strings.Repeat("!", len(d.Body)))
	for i, e := range got.Events {
		if now := string(e.UID) + string(e.Message); now != before[i] {
			tb.Fatalf("the event shares memory with the body: %q", now)
		}
	}
	if now := strings.Join(got.Members, " "); now != ids {
		tb.Fatalf("the ids share memory with the body: %q", now)
	}
	checkOutcome(tb, kind, got)
	if _, plain := members.(directory); plain || members == nil { // others count their calls
		checkReuse(tb, members, kind, h, body, got)
	}
	return got
}

// shared is the Decoder whose remembered names all Decoders of checkReuse use.
var shared = event.NewDecoder(maxBody, nil)

// checkReuse checks that a Decoder returns the same outcome whatever it decoded before,
// and that it copies what it keeps.
func checkReuse(tb rapid.TB, members event.Directory, kind event.Kind, h headers, body string, want event.Outcome) {
	tb.Helper()
	dec := shared.WithMembers(members)
	for _, before := range []string{benchOrder, `{"ask":{"trades":[{"id":1}]},"bid":{},"bid_member_uid":"IDBEFORE"}`} {
		dec.Decode(event.Order, event.Table(h), []byte(before))
		dec.Decode(event.Trade, event.Table{"ask_member_id": "77"}, []byte(before))
	}
	own := []byte(body)
	got := dec.Decode(kind, event.Table(h), own)
	copy(own, strings.Repeat("!", len(own)))
	for _, e := range got.Events {
		_ = append(e.Message, "more than there was"...)
	}
	if d := diff(want, got); d != "" {
		tb.Fatalf("decoded after others (-want +got)\n%s", d)
	}
}

// diff compares outcomes; an empty slice equals none.
func diff(want, got event.Outcome) string {
	if reflect.DeepEqual(want, got) { // faster, and nearly always true
		return ""
	}
	show := cmp.Transformer("show", func(e event.Event) []string {
		return []string{string(e.UID), e.Kind.String(), string(e.Message)}
	})
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), show)
}

// sent is the outcome of a message that reaches one user.
func sent(uid event.UID, kind event.Kind, message string) event.Outcome {
	return event.Outcome{Events: []event.Event{{UID: uid, Kind: kind, Message: []byte(message)}}}
}

// undelivered is the outcome of a message without recipients.
func undelivered(reasons ...event.Reason) event.Outcome {
	return event.Outcome{Undelivered: reasons}
}

// unknown is the outcome of a message whose owners have these ids, which are not in
// the directory.
func unknown(ids ...string) event.Outcome {
	return event.Outcome{Undelivered: slices.Repeat([]event.Reason{event.UnknownMember}, len(ids)), Members: ids}
}

// wantOrder fails unless the order reaches the owner as want, the text after
// {"orderbook":.
func wantOrder(t *testing.T, body, want string) {
	t.Helper()
	got := decode(t, event.Order, headers{"member_uid": "IDOWNER"}, body)
	if d := diff(sent("IDOWNER", event.Order, `{"orderbook":`+want+`}`), got); d != "" {
		t.Errorf("%s: (-want +got)\n%s", body, d)
	}
}

// wantBad fails unless the message is invalid for that reason.
func wantBad(t *testing.T, kind event.Kind, h headers, body string, want event.Reason) {
	t.Helper()
	if d := diff(undelivered(want), decode(t, kind, h, body)); d != "" {
		if len(body) > 200 {
			body = body[:200] + "…"
		}
		t.Errorf("%s %q: (-want +got)\n%s", kind, body, d)
	}
}

// isBad reports whether a reason applies to a whole message.
func isBad(r event.Reason) bool {
	return r != event.NoOwner && r != event.UnknownMember && r != event.Broadcast
}

// nested returns arrays nested to that depth.
func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

// compact reports whether message has no white space outside strings.
func compact(message []byte) bool {
	return bytes.Equal(message, refCompact(message))
}
