package event

import (
	"slices"

	"ranger/internal/event/scan"
)

// decodeTrade decodes a Trade. The body must be valid UTF-8. It returns why the message
// is invalid, or "".
func (d *Decoder) decodeTrade(headers Headers, text []byte) Reason {
	if err := d.body.Parse(text, d.orders[:]); err != nil {
		return reasonOf(err)
	}
	body := d.body
	ask, reason := d.parseOwnOrder(&d.orders[0], body.Value("ask"))
	if reason != "" {
		return reason
	}
	bid, reason := d.parseOwnOrder(&d.orders[1], body.Value("bid"))
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

	// All messages begin with the public fields; the rest is appended for one after
	// the other.
	d.text = slices.Grow(d.text[:0], 2*(len(text)+framing))
	head := appendPublic(append(d.text, `{"trade":{`...), body)
	if seller.uid != "" && seller.uid == buyer.uid {
		msg := append(scan.AppendKey(head, "side"), `"both"`...)
		msg = d.appendOwnOrder(msg, "ask", ask)
		msg = d.appendOwnOrder(msg, "bid", bid)
		d.sendTrade(seller.uid, msg)
		return ""
	}
	common := len(head)
	msg := head
	if seller.missing == "" {
		msg = append(scan.AppendKey(msg, "side"), `"ask"`...)
		msg = appendOrderID(msg, body.Value("ask_id"), ask)
		msg = d.appendOwnOrder(msg, "ask", ask)
		msg = d.sendTrade(seller.uid, msg)
		msg = append(msg, head[:common]...)
		msg = msg[len(msg)-common:]
	} else {
		d.miss(seller)
	}
	if buyer.missing == "" {
		msg = append(scan.AppendKey(msg, "side"), `"bid"`...)
		msg = appendOrderID(msg, body.Value("bid_id"), bid)
		msg = d.appendOwnOrder(msg, "bid", bid)
		d.sendTrade(buyer.uid, msg)
	} else {
		d.miss(buyer)
	}
	return ""
}

// sendTrade adds an event. It appends the closing brackets to message and returns the
// complete message.
func (d *Decoder) sendTrade(uid UID, message []byte) []byte {
	message = append(message, "}}"...)
	d.send(uid, Trade, message)
	return message
}

// parseOwnOrder returns the `ask` or `bid` of a Trade, which is value, or nil if it
// is absent or null. The Reason is why it is invalid, or "".
func (d *Decoder) parseOwnOrder(order *scan.Inner, value []byte) (scan.Object, Reason) {
	switch {
	case scan.IsNull(value):
		return nil, ""
	case !order.Found: // not an object, or its key has escapes
		reason := d.parseOrder(&order.Object, value)
		if reason == NotObject {
			reason = BadField
		}
		return order.Object, reason
	case order.Object.HasDuplicate():
		return nil, DuplicateKey
	}
	return order.Object, d.checkTrades(order.Object.Value("trades"))
}

// isPublic reports whether both parties of a Trade may see its field of that name.
func isPublic(name []byte) bool {
	switch string(name) {
	case "id", "price", "volume", "funds", "market", "market_id", "created_at",
		"trend", "maker_type", "taker_type", "type", "amount", "total":
		return true
	}
	return false
}

// appendPublic appends the scalars of a Trade that both parties may see.
func appendPublic(dst []byte, body scan.Object) []byte {
	for i := range body {
		if m := &body[i]; isPublic(m.Name) && scan.IsScalar(m.Value()) {
			dst = m.AppendTo(dst)
		}
	}
	return dst
}

// appendOrderID appends the id of the user's own order: the Trade's `ask_id` or
// `bid_id`, which is published, else the `id` of the order itself. It appends nothing
// if neither is a scalar other than null.
func appendOrderID(dst, published []byte, own scan.Object) []byte {
	for _, id := range [...][]byte{published, own.Value("id")} {
		if !scan.IsNull(id) && scan.IsScalar(id) {
			return append(scan.AppendKey(dst, "order_id"), id...)
		}
	}
	return dst
}

// appendOwnOrder appends the user's own order, unless it is nil.
func (d *Decoder) appendOwnOrder(dst []byte, side string, own scan.Object) []byte {
	if own == nil {
		return dst
	}
	return d.appendOrder(scan.AppendKey(dst, side), own)
}
