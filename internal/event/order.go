package event

import "slices"

// framing is more than what a view has beside text copied from the body.
const framing = 64

// decodeOrder decodes an Order whose body is valid UTF-8. The Reason says why it is
// bad, if it is.
func (d *Decoder) decodeOrder(headers Headers, body []byte) Reason {
	order, reason := d.parseOrder(&d.body, body)
	if reason != "" {
		return reason
	}
	who, reason := d.findOwner(headers, order, nil, "member_uid", "member_id")
	if reason != "" {
		return reason
	}
	if who.undelivered == NoOwner && order.value("action") != nil {
		who.undelivered = Broadcast
	}
	if who.undelivered != "" {
		d.miss(who)
		return ""
	}
	msg := slices.Grow(d.text[:0], len(body)+framing)
	msg = append(msg, `{"orderbook":`...)
	msg = d.appendOrder(msg, order)
	d.text = append(msg, '}')
	d.send(who.uid, Order, d.text)
	return ""
}

// parseOrder returns the members of the order that text is, in that room. The
// Reason says what is wrong with it, its `trades` included.
func (d *Decoder) parseOrder(room *object, text []byte) (object, Reason) {
	order, reason := parse(room, text, nil)
	if reason != "" {
		return nil, reason
	}
	return order, d.checkTrades(order.value("trades"))
}

// checkTrades returns what is wrong with the `trades` of an order, or nothing.
func (d *Decoder) checkTrades(trades []byte) Reason {
	if isNull(trades) {
		return ""
	}
	if trades[0] != '[' {
		return BadField
	}
	s := scanner{text: trades}
	for element, at := s.element(0); at != bad; element, at = s.element(at) {
		switch _, reason := parse(&d.trade, element, nil); reason {
		case "":
		case NotObject:
			return BadField
		default:
			return reason
		}
	}
	return ""
}

// appendOrder appends what the owner of a good order gets of it.
func (d *Decoder) appendOrder(dst []byte, order object) []byte {
	dst = append(dst, '{')
	for i := range order {
		switch m := &order[i]; string(m.name) {
		case "member_uid", "member_id", "uid", "email":
		case "trades":
			dst = d.appendTrades(appendKey(dst, m.key()), m.value())
		default:
			dst = appendMember(dst, m)
		}
	}
	return append(dst, '}')
}

// appendTrades appends what the owner of an order gets of its good `trades`.
func (d *Decoder) appendTrades(dst, trades []byte) []byte {
	if isNull(trades) {
		return append(dst, trades...)
	}
	dst = append(dst, '[')
	s := scanner{text: trades}
	for element, at := s.element(0); at != bad; element, at = s.element(at) {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		trade, _ := parse(&d.trade, element, nil)
		for i := range trade {
			m := &trade[i]
			own := string(m.name) == "side" || string(m.name) == "order_id"
			if (own || isPublic(m.name)) && isScalar(m.value()) {
				dst = appendMember(dst, m)
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
