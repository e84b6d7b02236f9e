package event

import (
	"bytes"
	"slices"
)

// decodeTrade decodes a delivery of Kind Trade whose body is valid UTF-8.
func decodeTrade(d Delivery, members Directory, events []Event) Outcome {
	var room, askRoom, bidRoom [fewMembers]member
	body, reason := parse(room[:0], d.Body)
	if reason != "" {
		return bad(reason)
	}
	ask, reason := parseOwnOrder(askRoom[:0], body.value("ask"))
	if reason != "" {
		return bad(reason)
	}
	bid, reason := parseOwnOrder(bidRoom[:0], body.value("bid"))
	if reason != "" {
		return bad(reason)
	}
	seller, reason := findOwner(members, d.Headers, body, ask, "ask_member_uid", "ask_member_id")
	if reason != "" {
		return bad(reason)
	}
	buyer, reason := findOwner(members, d.Headers, body, bid, "bid_member_uid", "bid_member_id")
	if reason != "" {
		return bad(reason)
	}

	// All views begin alike; each is put together behind that in turn.
	var scratch [scratchSize]byte
	head := slices.Grow(scratch[:0], len(d.Body)+framing)
	head = appendPublic(append(head, `{"trade":{`...), body)
	if seller.uid != "" && seller.uid == buyer.uid {
		msg := append(appendName(head, "side"), `"both"`...)
		msg = appendOwnOrder(msg, "ask", ask)
		msg = appendOwnOrder(msg, "bid", bid)
		return Outcome{Events: append(events, tradeEvent(seller.uid, msg))}
	}
	var missed Outcome // apart, so that events need not go to the heap
	if seller.unrouted == "" {
		msg := append(appendName(head, "side"), `"ask"`...)
		msg = appendOrderID(msg, body.value("ask_id"), ask)
		msg = appendOwnOrder(msg, "ask", ask)
		events = append(events, tradeEvent(seller.uid, msg))
	} else {
		missed.miss(seller)
	}
	if buyer.unrouted == "" {
		msg := append(appendName(head, "side"), `"bid"`...)
		msg = appendOrderID(msg, body.value("bid_id"), bid)
		msg = appendOwnOrder(msg, "bid", bid)
		events = append(events, tradeEvent(buyer.uid, msg))
	} else {
		missed.miss(buyer)
	}
	return Outcome{Events: events, Unrouted: missed.Unrouted, Members: missed.Members}
}

// tradeEvent returns the event of a view that lacks only its closing brackets,
// with a message of its own.
func tradeEvent(uid UID, view []byte) Event {
	return Event{UID: uid, Kind: Trade, Message: bytes.Clone(append(view, "}}"...))}
}

// parseOwnOrder returns the members of the `ask` or `bid` of a Trade, in dst's
// room where they fit, and nil where it has none. The Reason says what is wrong
// with it.
func parseOwnOrder(dst object, value []byte) (object, Reason) {
	if isNull(value) {
		return nil, ""
	}
	order, reason := parseOrder(dst, value)
	if reason == NotObject {
		reason = BadField
	}
	return order, reason
}

// isPublic reports whether both sides of a Trade may see its field of that name.
func isPublic(name []byte) bool {
	switch string(name) {
	case "id", "price", "volume", "funds", "market", "market_id", "created_at",
		"trend", "maker_type", "taker_type", "type", "amount", "total":
		return true
	}
	return false
}

// appendPublic appends the scalars of a Trade that both sides may see.
func appendPublic(dst []byte, body object) []byte {
	for _, m := range body {
		if isPublic(m.name) && isScalar(m.value) {
			dst = appendMember(dst, m)
		}
	}
	return dst
}

// appendOrderID appends the id of the user's own order: published, which is the
// Trade's `ask_id` or `bid_id`, or else the `id` of the order itself, or nothing
// where neither is a scalar other than null.
func appendOrderID(dst, published []byte, own object) []byte {
	for _, id := range [...][]byte{published, own.value("id")} {
		if !isNull(id) && isScalar(id) {
			return append(appendName(dst, "order_id"), id...)
		}
	}
	return dst
}

// appendOwnOrder appends the user's own order, where the Trade has it.
func appendOwnOrder(dst []byte, side string, own object) []byte {
	if own == nil {
		return dst
	}
	return appendOrder(appendName(dst, side), own)
}
