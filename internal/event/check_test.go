package event_test

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"

	"ranger/internal/event"
)

// checkOutcome checks what holds for every outcome of a delivery of that kind.
func checkOutcome(tb rapid.TB, kind event.Kind, got event.Outcome) {
	tb.Helper()
	unknown := 0
	for _, r := range got.Undelivered {
		if r == event.UnknownMember {
			unknown++
		}
		if !slices.Contains(event.Reasons(), r) {
			tb.Fatalf("%q is not in Reasons()", r)
		}
		if isBad(r) && (len(got.Undelivered) != 1 || len(got.Events) != 0) {
			tb.Fatalf("invalid for %s, but got %d reasons and %d events", r, len(got.Undelivered), len(got.Events))
		}
	}
	if len(got.Members) != unknown {
		tb.Fatalf("got member ids %q, but reasons %v", got.Members, got.Undelivered)
	}
	both := len(got.Events) == 1 && len(got.Undelivered) == 0 && strings.Contains(string(got.Events[0].Message), `"side":"both"`)
	total := len(got.Events) + len(got.Undelivered)
	isWhole := total == 1 && (kind != event.Trade || both || len(got.Undelivered) == 1 && isBad(got.Undelivered[0]))
	if !isWhole && (kind != event.Trade || total != 2) {
		tb.Fatalf("got %d events and reasons %v for a message of kind %s", len(got.Events), got.Undelivered, kind)
	}
	for _, e := range got.Events {
		checkEvent(tb, kind, e)
	}
}

// checkEvent checks what holds for every event.
func checkEvent(tb rapid.TB, kind event.Kind, e event.Event) {
	tb.Helper()
	if e.UID == "" || len(e.UID) > event.MaxUID || !utf8.ValidString(string(e.UID)) || e.Kind != kind {
		tb.Fatalf("got an event for %q of kind %s, want kind %s", e.UID, e.Kind, kind)
	}
	if !json.Valid(e.Message) || !utf8.Valid(e.Message) || !compact(e.Message) {
		tb.Fatalf("the message is not compact JSON: %q", e.Message)
	}
	message, _ := refMembers(e.Message)
	if len(message) != 1 || message[0].name != kind.String() {
		tb.Fatalf("the message is not of kind %s: %s", kind, e.Message)
	}
	view, repeats := refMembers(message[0].value)
	if repeats {
		tb.Fatalf("a key repeats: %s", e.Message)
	}
	orders := []refObject{view}
	if kind == event.Trade {
		orders = nil
		for _, m := range view {
			switch m.name {
			case "ask", "bid":
				order, repeats := refMembers(m.value)
				if repeats {
					tb.Fatalf("a key repeats: %s", e.Message)
				}
				orders = append(orders, order)
			case "side", "order_id":
			default:
				if len(refScalars(refObject{m})) == 0 {
					tb.Fatalf("unexpected field %s in %s", m.name, e.Message)
				}
			}
		}
	}
	for _, order := range orders {
		for _, name := range []string{"member_uid", "member_id", "uid", "email"} {
			if order.value(name) != nil {
				tb.Fatalf("unexpected field %s in %s", name, e.Message)
			}
		}
		if trades := order.value("trades"); len(trades) > 0 && trades[0] == '[' {
			for _, element := range refElements(trades) {
				if o, repeats := refMembers(element); repeats || len(refScalars(o, "side", "order_id")) != len(o) {
					tb.Fatalf("unexpected field or duplicate in element %s of %s", element, e.Message)
				}
			}
		}
	}
}
