package bench

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ranger/internal/event"
)

// workload defines the users of a run and their trades, as a function of its fields.
type workload struct {
	run     string // name of the run, part of its uids
	created string // value of created_at in all events
}

func newWorkload(now time.Time) workload {
	return workload{run: strings.ToUpper(rand.Text()[:6]), created: now.UTC().Format(time.RFC3339)}
}

// uid returns the uid of the user with this index.
func (w workload) uid(user int) event.UID {
	return event.UID(fmt.Sprintf("B%s%07d", w.run, user))
}

// serial numbers the trades of a run from 0, in the order in which they are due.
type serial uint32

// party is a side of a trade: a user, and the number of this event among the user's,
// from 0.
type party struct {
	user   int
	number uint32
}

const (
	firstID = 2_435_000_000
	// userShift separates the parts of an order id: the user's index plus 1 above, the
	// number of the event below. Together they stay below 2^53.
	userShift = 30
	maxUsers  = 1 << 22
	maxNumber = 1 << userShift
)

func (p party) orderID() uint64 {
	return uint64(p.user+1)<<userShift | uint64(p.number) //nolint:gosec // an index
}

// trade returns a trade in Peatio's format: with both orders, and with the uids in
// headers.
func (w workload) trade(n serial, seller, buyer party) event.Delivery {
	ask, bid := string(w.uid(seller.user)), string(w.uid(buyer.user))
	body := make([]byte, 0, 1024)
	body = strconv.AppendUint(append(body, `{"id":`...), firstID+uint64(n), 10)
	body = append(body, `,"price":"3500.0","volume":"0.0331","funds":"115.85","market_id":"btcusd","created_at":"`...)
	body = append(append(body, w.created...), `","ask_id":`...)
	body = strconv.AppendUint(body, seller.orderID(), 10)
	body = strconv.AppendUint(append(body, `,"bid_id":`...), buyer.orderID(), 10)
	body = strconv.AppendInt(append(body, `,"ask_member_id":`...), int64(seller.user+1), 10)
	body = strconv.AppendInt(append(body, `,"bid_member_id":`...), int64(buyer.user+1), 10)
	body = w.appendOrder(append(body, `,"ask":`...), "sell", seller, ask)
	body = w.appendOrder(append(body, `,"bid":`...), "buy", buyer, bid)
	return event.Delivery{
		Kind:    event.Trade,
		Headers: map[string]any{"market": "btcusd", "ask_member_uid": ask, "bid_member_uid": bid},
		Body:    append(body, '}'),
	}
}

func (w workload) appendOrder(dst []byte, side string, of party, uid string) []byte {
	dst = strconv.AppendUint(append(dst, `{"id":`...), of.orderID(), 10)
	dst = append(append(dst, `,"side":"`...), side...)
	dst = append(dst, `","ord_type":"limit","price":"3500.0","avg_price":"3500.0","state":"done","market_id":"btcusd","created_at":"`...)
	dst = append(append(dst, w.created...), `","origin_volume":"0.0331","remaining_volume":"0.0","executed_volume":"0.0331","trades_count":1,"member_uid":"`...)
	return append(append(dst, uid...), `"}`...)
}

// received is the content of a trade on a socket.
type received struct {
	serial
	party
	// rest is the text after the order id.
	rest []byte
}

// parseTrade parses a trade on a socket without parsing JSON. ok is false if the
// workload has no such trade.
func parseTrade(text []byte) (r received, ok bool) {
	text, ok = bytes.CutPrefix(text, []byte(`{"trade":{"id":`))
	id, text := cutDigits(text)
	if !ok || id < firstID || id-firstID >= 1<<32 {
		return r, false
	}
	_, text, ok = bytes.Cut(text, []byte(`"order_id":`))
	if !ok {
		return r, false
	}
	order, rest := cutDigits(text)
	user := order >> userShift
	if user == 0 || user > maxUsers {
		return r, false
	}
	return received{serial(id - firstID), party{int(user - 1), uint32(order & (maxNumber - 1))}, rest}, true
}

// cutDigits parses the number at the start of text, 0 if there is none.
func cutDigits(text []byte) (n uint64, rest []byte) {
	i := 0
	for i < len(text) && i < 19 && text[i] >= '0' && text[i] <= '9' {
		n = n*10 + uint64(text[i]-'0')
		i++
	}
	return n, text[i:]
}
