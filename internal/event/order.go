package event

import (
	"bytes"
	"slices"
)

// decodeOrder decodes a delivery of Kind Order whose body is valid UTF-8.
func decodeOrder(d Delivery, members Directory, events []Event) Outcome {
	var room [fewMembers]member
	body, reason := parseOrder(room[:0], d.Body)
	if reason != "" {
		return bad(reason)
	}
	who, reason := findOwner(members, d.Headers, body, nil, "member_uid", "member_id")
	if reason != "" {
		return bad(reason)
	}
	if who.unrouted == NoOwner && body.value("action") != nil {
		who.unrouted = Broadcast
	}
	if who.unrouted != "" {
		var out Outcome
		out.miss(who)
		return out
	}
	var scratch [scratchSize]byte
	msg := slices.Grow(scratch[:0], len(d.Body)+framing)
	msg = append(msg, `{"orderbook":`...)
	msg = appendOrder(msg, body)
	msg = append(msg, '}')
	return Outcome{Events: append(events, Event{UID: who.uid, Kind: Order, Message: bytes.Clone(msg)})}
}

// parseOrder returns the members of the order that text is, in dst's room where
// they fit. The Reason says what is wrong with it, its `trades` included.
func parseOrder(dst object, text []byte) (object, Reason) {
	order, reason := parse(dst, text)
	if reason != "" {
		return nil, reason
	}
	trades := order.value("trades")
	if isNull(trades) {
		return order, ""
	}
	if trades[0] != '[' {
		return nil, BadField
	}
	var room [fewMembers]member
	s := scanner{text: trades}
	for element, ok := s.element(); ok; element, ok = s.element() {
		switch _, reason := parse(room[:0], element); reason {
		case "":
		case NotObject:
			return nil, BadField
		default:
			return nil, reason
		}
	}
	return order, ""
}

// appendOrder appends what the owner of a good order gets of it.
func appendOrder(dst []byte, order object) []byte {
	dst = append(dst, '{')
	for _, m := range order {
		switch string(m.name) {
		case "member_uid", "member_id", "uid", "email":
		case "trades":
			dst = appendTrades(appendKey(dst, m.key), m.value)
		default:
			dst = appendMember(dst, m)
		}
	}
	return append(dst, '}')
}

// appendTrades appends what the owner of an order gets of its good `trades`.
func appendTrades(dst, trades []byte) []byte {
	if isNull(trades) {
		return append(dst, trades...)
	}
	var room [fewMembers]member
	dst = append(dst, '[')
	s := scanner{text: trades}
	for element, ok := s.element(); ok; element, ok = s.element() {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		trade, _ := parse(room[:0], element)
		for _, m := range trade {
			own := string(m.name) == "side" || string(m.name) == "order_id"
			if (own || isPublic(m.name)) && isScalar(m.value) {
				dst = appendMember(dst, m)
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
