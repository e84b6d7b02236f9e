package audit

import (
	"bytes"
	"fmt"
	"strconv"

	"ranger/internal/event"
)

// serial numbers the events of a run from 0, in the order of their first try.
type serial uint32

const (
	// firstID is the id of the first event. All ids are above 2^53, so that a program
	// that converts them to a float changes them.
	firstID = 1<<53 + 1
	// firstOrderID is the id of the first order of a trade; each trade has two.
	firstOrderID = 1<<60 + 1
)

// workload defines each event of a run as a function of its serial, so that no
// event has to be stored.
type workload struct {
	run     string // name of the run, part of its uids and of its market
	users   int
	created string // value of created_at in all events
}

// uid returns the uid of the user with this index.
func (w workload) uid(user int) event.UID {
	return event.UID(fmt.Sprintf("AUDIT%s%05d", w.run, user))
}

// parties returns the kind of an event and its users. Half of the events are orders,
// of one user, who is returned as seller and buyer. A tenth are trades of a user
// with itself; the others have two users.
func (w workload) parties(n serial) (kind event.Kind, seller, buyer int) {
	h := mix(uint64(n))
	seller = int(h >> 8 % uint64(w.users)) //nolint:gosec // less than users
	buyer = int(h >> 32 % uint64(w.users)) //nolint:gosec // less than users
	switch h & 0xff % 10 {
	case 0, 1, 2, 3, 4:
		return event.Order, seller, seller
	case 5:
		return event.Trade, seller, seller
	default:
		return event.Trade, seller, buyer
	}
}

// mix spreads n over all 64 bits (the finalizer of SplitMix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// involves reports whether the user must receive the event.
func (w workload) involves(n serial, user int) bool {
	_, seller, buyer := w.parties(n)
	return user == seller || user == buyer
}

// messageID returns the event's `message_id`, the same for each try.
func (w workload) messageID(n serial) string {
	return "audit-" + w.run + "-" + strconv.FormatUint(uint64(n), 10)
}

// delivery returns the event as it is published.
func (w workload) delivery(n serial) event.Delivery {
	kind, seller, buyer := w.parties(n)
	if kind == event.Order {
		return event.Delivery{
			Kind:    kind,
			Headers: map[string]any{"member_uid": string(w.uid(seller))},
			Body:    w.appendOrder(nil, n, string(w.uid(seller))),
		}
	}
	ask, bid := string(w.uid(seller)), string(w.uid(buyer))
	body := w.appendTrade(make([]byte, 0, 1024), n)
	body = fmt.Appendf(body, `,"ask_id":%d,"bid_id":%d,"ask_member_uid":%q,"bid_member_uid":%q,"ask":`, orderID(n, "ask"), orderID(n, "bid"), ask, bid)
	body = w.appendSide(body, n, "ask", ask)
	body = append(body, `,"bid":`...)
	body = w.appendSide(body, n, "bid", bid)
	return event.Delivery{
		Kind:    kind,
		Headers: map[string]any{"market": w.market(), "ask_member_uid": ask, "bid_member_uid": bid},
		Body:    append(body, '}'),
	}
}

// appendView appends the socket message that the user must receive for the event
// (docs/protocol.md), without the keys that resuming adds. The event must involve
// the user.
func (w workload) appendView(dst []byte, n serial, user int) []byte {
	kind, seller, buyer := w.parties(n)
	if kind == event.Order {
		dst = w.appendOrder(append(dst, `{"orderbook":`...), n, "")
		return append(dst, '}')
	}
	dst = w.appendTrade(append(dst, `{"trade":`...), n)
	switch {
	case seller == buyer:
		dst = w.appendSide(append(dst, `,"side":"both","ask":`...), n, "ask", "")
		dst = w.appendSide(append(dst, `,"bid":`...), n, "bid", "")
	case user == seller:
		dst = strconv.AppendUint(append(dst, `,"side":"ask","order_id":`...), orderID(n, "ask"), 10)
		dst = w.appendSide(append(dst, `,"ask":`...), n, "ask", "")
	default:
		dst = strconv.AppendUint(append(dst, `,"side":"bid","order_id":`...), orderID(n, "bid"), 10)
		dst = w.appendSide(append(dst, `,"bid":`...), n, "bid", "")
	}
	return append(dst, "}}"...)
}

// appendOrder appends an order. Converting its numbers to a float changes their
// digits. An empty owner is left out.
func (w workload) appendOrder(dst []byte, n serial, owner string) []byte {
	dst = appendID(append(dst, '{'), n)
	dst = append(dst, `,"side":"sell","ord_type":"limit","price":0.10,"avg_price":"0.0","state":"wait"`...)
	dst = w.appendMarket(dst)
	dst = append(dst, `,"origin_volume":12345678901234567890.00100,"trades_count":0`...)
	dst = appendOwner(dst, owner)
	return append(dst, `,"trades":[]}`...)
}

// appendTrade appends the part of a trade that both users see, without its end.
func (w workload) appendTrade(dst []byte, n serial) []byte {
	dst = appendID(append(dst, '{'), n)
	dst = append(dst, `,"price":"3500.0","volume":0.03310,"funds":"115.85"`...)
	return w.appendMarket(dst)
}

// appendSide appends the order object of one side of a trade. An empty owner is left
// out.
func (w workload) appendSide(dst []byte, n serial, side, owner string) []byte {
	dst = strconv.AppendUint(append(dst, `{"id":`...), orderID(n, side), 10)
	if side == "ask" {
		dst = append(dst, `,"side":"sell"`...)
	} else {
		dst = append(dst, `,"side":"buy"`...)
	}
	dst = append(dst, `,"ord_type":"limit","price":"3500.0","state":"done"`...)
	dst = appendOwner(w.appendMarket(dst), owner)
	return append(dst, `,"trades_count":1}`...)
}

func (w workload) market() string { return "audit" + w.run }

func (w workload) appendMarket(dst []byte) []byte {
	dst = append(append(dst, `,"market_id":"audit`...), w.run...)
	dst = append(append(dst, `","created_at":"`...), w.created...)
	return append(dst, '"')
}

func appendID(dst []byte, n serial) []byte {
	return strconv.AppendUint(append(dst, `"id":`...), firstID+uint64(n), 10)
}

func appendOwner(dst []byte, owner string) []byte {
	if owner == "" {
		return dst
	}
	dst = append(append(dst, `,"member_uid":"`...), owner...)
	return append(dst, '"')
}

// orderID returns the id of the order on one side of a trade.
func orderID(n serial, side string) uint64 {
	id := firstOrderID + 2*uint64(n)
	if side == "bid" {
		id++
	}
	return id
}

// parseSerial returns the serial of an event by the start of its text. The caller
// compares the whole text.
func parseSerial(text []byte) (serial, bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`{"orderbook":{"id":`))
	if !ok {
		rest, ok = bytes.CutPrefix(text, []byte(`{"trade":{"id":`))
	}
	if !ok {
		return 0, false
	}
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	id, err := strconv.ParseUint(string(rest[:digits]), 10, 64)
	if err != nil || id < firstID || id-firstID >= 1<<32 {
		return 0, false
	}
	return serial(id - firstID), true
}
