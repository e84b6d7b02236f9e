package event

import (
	"slices"

	"ranger/internal/event/scan"
)

// framing is more than the bytes that a message has in addition to those copied from
// the body.
const framing = 64

// decodeOrder decodes an Order. The body must be valid UTF-8. It returns why the message
// is invalid, or "".
func (d *Decoder) decodeOrder(headers Headers, body []byte) Reason {
	if reason := d.parseOrder(&d.body, body); reason != "" {
		return reason
	}
	order := d.body
	found, reason := d.findOwner(headers, order, nil, "member_uid", "member_id")
	if reason != "" {
		return reason
	}
	if found.missing == NoOwner && order.Value("action") != nil {
		found.missing = Broadcast
	}
	if found.missing != "" {
		d.miss(found)
		return ""
	}
	msg := slices.Grow(d.text[:0], len(body)+framing)
	msg = append(msg, `{"orderbook":`...)
	msg = d.appendOrder(msg, order)
	d.text = append(msg, '}')
	d.send(found.uid, Order, d.text)
	return ""
}

// parseOrder parses an order, including its `trades`, into order. It returns why the
// order is invalid, or "".
func (d *Decoder) parseOrder(order *scan.Object, text []byte) Reason {
	if err := order.Parse(text, nil); err != nil {
		return reasonOf(err)
	}
	return d.checkTrades(order.Value("trades"))
}

// checkTrades returns why the `trades` of an order are invalid, or "".
func (d *Decoder) checkTrades(trades []byte) Reason {
	if scan.IsNull(trades) {
		return ""
	}
	if trades[0] != '[' {
		return BadField
	}
	for element := range scan.Elements(trades) {
		switch reason := reasonOf(d.trade.Parse(element, nil)); reason {
		case "":
		case NotObject:
			return BadField
		default:
			return reason
		}
	}
	return ""
}

// appendOrder appends what the owner of a valid order is sent of it.
func (d *Decoder) appendOrder(dst []byte, order scan.Object) []byte {
	dst = append(dst, '{')
	for i := range order {
		switch m := &order[i]; string(m.Name) {
		case "member_uid", "member_id", "uid", "email":
		case "trades":
			dst = d.appendTrades(m.AppendKeyTo(dst), m.Value())
		default:
			dst = m.AppendTo(dst)
		}
	}
	return append(dst, '}')
}

// appendTrades appends what the owner of an order is sent of its valid `trades`.
func (d *Decoder) appendTrades(dst, trades []byte) []byte {
	if scan.IsNull(trades) {
		return append(dst, trades...)
	}
	dst = append(dst, '[')
	for element := range scan.Elements(trades) {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		_ = d.trade.Parse(element, nil) // checkTrades did it before
		for i := range d.trade {
			m := &d.trade[i]
			own := string(m.Name) == "side" || string(m.Name) == "order_id"
			if (own || isPublic(m.Name)) && scan.IsScalar(m.Value()) {
				dst = m.AppendTo(dst)
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
