package event

import "slices"

// decodeTrade decodes a Trade whose body is valid UTF-8. The Reason says why it is
// bad, if it is.
func (d *Decoder) decodeTrade(headers Headers, text []byte) Reason {
	body, reason := parse(&d.body, text, d.own[:])
	if reason != "" {
		return reason
	}
	ask, reason := d.parseOwnOrder(&d.own[0], body.value("ask"))
	if reason != "" {
		return reason
	}
	bid, reason := d.parseOwnOrder(&d.own[1], body.value("bid"))
	if reason != "" {
		return reason
	}
	seller, reason := d.findOwner(headers, body, ask, "ask_member_uid", "ask_member_id")
	if reason != "" {
		return reason
	}
	buyer, reason := d.findOwner(headers, body, bid, "bid_member_uid", "bid_member_id")
	if reason != "" {
		return reason
	}

	// All views begin alike; each is put together behind that in turn.
	d.text = slices.Grow(d.text[:0], 2*(len(text)+framing))
	head := appendPublic(append(d.text, `{"trade":{`...), body)
	if seller.uid != "" && seller.uid == buyer.uid {
		msg := append(appendName(head, "side"), `"both"`...)
		msg = d.appendOwnOrder(msg, "ask", ask)
		msg = d.appendOwnOrder(msg, "bid", bid)
		d.sendTrade(seller.uid, msg)
		return ""
	}
	common := len(head)
	msg := head
	if seller.undelivered == "" {
		msg = append(appendName(msg, "side"), `"ask"`...)
		msg = appendOrderID(msg, body.value("ask_id"), ask)
		msg = d.appendOwnOrder(msg, "ask", ask)
		msg = d.sendTrade(seller.uid, msg)
		msg = append(msg, head[:common]...)
		msg = msg[len(msg)-common:]
	} else {
		d.miss(seller)
	}
	if buyer.undelivered == "" {
		msg = append(appendName(msg, "side"), `"bid"`...)
		msg = appendOrderID(msg, body.value("bid_id"), bid)
		msg = d.appendOwnOrder(msg, "bid", bid)
		d.sendTrade(buyer.uid, msg)
	} else {
		d.miss(buyer)
	}
	return ""
}

// sendTrade adds the event of a view that lacks only its closing brackets, and
// returns the view with these.
func (d *Decoder) sendTrade(uid UID, view []byte) []byte {
	view = append(view, "}}"...)
	d.send(uid, Trade, view)
	return view
}

// parseOwnOrder returns the members of the `ask` or `bid` of a Trade, which is
// value, and nil where it has none. The Reason says what is wrong with it.
func (d *Decoder) parseOwnOrder(in *inner, value []byte) (object, Reason) {
	switch {
	case isNull(value):
		return nil, ""
	case !in.kept: // no object, or its key has escapes
		order, reason := d.parseOrder(&in.members, value)
		if reason == NotObject {
			reason = BadField
		}
		return order, reason
	case in.members.repeats():
		return nil, DuplicateKey
	}
	return in.members, d.checkTrades(in.members.value("trades"))
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
	for i := range body {
		if m := &body[i]; isPublic(m.name) && isScalar(m.value()) {
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
func (d *Decoder) appendOwnOrder(dst []byte, side string, own object) []byte {
	if own == nil {
		return dst
	}
	return d.appendOrder(appendName(dst, side), own)
}
