package amqptest

import (
	"fmt"

	"ranger/internal/event"
)

// The users that most messages are for.
const (
	Alice event.UID = "IDALICE00001"
	Bob   event.UID = "IDBOB0000001"
)

// Order returns an Order of Alice that contains the number n.
func Order(n int) event.Delivery {
	return event.Delivery{
		Kind:    event.Order,
		Headers: map[string]any{"market": "btcusd", "member_uid": string(Alice)},
		Body:    fmt.Appendf(nil, `{"id":%d,"state":"wait","price":"0.10"}`, n),
	}
}

// Trade returns a Trade that contains the number n: Alice sells to Bob.
func Trade(n int) event.Delivery {
	return event.Delivery{
		Kind:    event.Trade,
		Headers: map[string]any{"ask_member_uid": string(Alice), "bid_member_uid": string(Bob)},
		Body:    fmt.Appendf(nil, `{"id":%d,"price":"3500.0"}`, n),
	}
}

// IDText returns what the bodies of Order(n) and Trade(n) contain, and no others.
func IDText(n int) string { return fmt.Sprintf(`"id":%d,`, n) }
