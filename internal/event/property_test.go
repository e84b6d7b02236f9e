package event_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ranger/internal/event"
)

// Marks in values and keys: the users that may see them.
const (
	forAsk  = "only-the-seller"
	forBid  = "only-the-buyer"
	forNone = "no-user-at-all"
)

// writer draws JSON text with white space anywhere and some keys escaped.
type writer struct {
	t       *rapid.T
	secrets int
}

func (w *writer) oneOf(choices ...string) string {
	return rapid.SampledFrom(choices).Draw(w.t, "choice")
}

func (w *writer) maybe() bool {
	return rapid.Bool().Draw(w.t, "maybe")
}

func (w *writer) space() string {
	return w.oneOf("", "", "", " ", "\r\n\t")
}

// key writes a name as a JSON string.
func (w *writer) key(name string) string {
	if name == "" || w.maybe() {
		return `"` + name + `"`
	}
	i := rapid.IntRange(0, len(name)-1).Draw(w.t, "escaped")
	format := w.oneOf(`%s\u%04x%s`, `%s\u%04X%s`)
	return `"` + fmt.Sprintf(format, name[:i], name[i], name[i+1:]) + `"`
}

// object joins members, each a key as written and a value, in any order.
func (w *writer) object(members ...[2]string) string {
	members = rapid.Permutation(members).Draw(w.t, "order")
	var b strings.Builder
	b.WriteString("{" + w.space())
	for i, m := range members {
		if i > 0 {
			b.WriteString("," + w.space())
		}
		b.WriteString(m[0] + w.space() + ":" + w.space() + m[1] + w.space())
	}
	return b.String() + "}"
}

// secret returns a scalar or, with deep, any value that contains the mark.
func (w *writer) secret(mark string, deep bool) string {
	w.secrets++
	text := fmt.Sprintf(`"%s %d"`, mark, w.secrets)
	if !deep {
		return text
	}
	return w.oneOf(text, `[`+text+`]`, `[ 1, {"a" : `+text+`}]`, `{"id":`+text+`}`, `{`+text+`: null}`)
}

// scalar returns a scalar that both parties may see.
func (w *writer) scalar() string {
	return w.oneOf(`null`, `true`, `false`, `0.10`, `-0`, `1E400`, `1e-7`, `12345678901234567890`, `""`, `"a b"`, `"\u00e9\"\\"`, `"\ud800"`, `"😀"`)
}

// public draws members that both parties may see. If their value is not a scalar, it
// contains the mark that no user may see.
func (w *writer) public(names ...string) (members [][2]string) {
	for _, name := range names {
		switch w.oneOf("none", "scalar", "scalar", "object") {
		case "scalar":
			members = append(members, [2]string{w.key(name), w.scalar()})
		case "object":
			members = append(members, [2]string{w.key(name), w.oneOf(`{"a":`, `{"id": `) + w.secret(forNone, true) + `}`})
		}
	}
	return members
}

// hidden draws members that contain the mark.
func (w *writer) hidden(mark string, names ...string) (members [][2]string) {
	for _, name := range names {
		if w.maybe() {
			members = append(members, [2]string{w.key(name), w.secret(mark, true)})
		}
	}
	return members
}

// unknown draws a name that contains the mark.
func (w *writer) unknown(mark string) string {
	w.secrets++
	return fmt.Sprintf("%s %d", mark, w.secrets)
}

// owner draws how the owner of a side is named and writes it to the headers, the body
// or the side's order. id is the owner's member id.
func (w *writer) owner(uid string, id int64, prefix string, h headers, body, own *[][2]string) {
	digits := strconv.FormatInt(id, 10)
	switch w.oneOf("header", "header", "header", "body", "body", "order", "order", "header id", "body id", "order id", "nowhere") {
	case "header":
		h[prefix+"member_uid"] = uid
	case "header id":
		h[prefix+"member_id"] = id
	case "body":
		*body = append(*body, [2]string{w.key(prefix + "member_uid"), `"` + uid + `"`})
	case "body id":
		*body = append(*body, [2]string{w.key(prefix + "member_id"), w.oneOf(digits, `"`+digits+`"`)})
	case "order":
		*own = append(*own, [2]string{w.key("member_uid"), `"` + uid + `"`})
	case "order id":
		*own = append(*own, [2]string{w.key("member_id"), digits})
	}
}

// order draws the members of an order whose secrets contain the mark.
func (w *writer) order(mark string) [][2]string {
	members := w.hidden(mark, "id", "side", "price", "state", "order", w.unknown(mark))
	members = append(members, w.hidden(forNone, "email", "uid")...)
	switch w.oneOf("none", "null", "some") {
	case "null":
		members = append(members, [2]string{w.key("trades"), "null"})
	case "some":
		var elements []string
		for range rapid.IntRange(0, 3).Draw(w.t, "trades") {
			element := w.public("id", "price", "total", "market")
			element = append(element, w.hidden(forNone, "ask_id", "bid_id", "ask", "bid", "member_uid", "ask_member_uid", w.unknown(forNone))...)
			if w.maybe() {
				element = append(element, [2]string{w.key("order_id"), w.secret(mark, false)})
			}
			elements = append(elements, w.space()+w.object(element...)+w.space())
		}
		members = append(members, [2]string{w.key("trades"), "[" + strings.Join(elements, ",") + "]"})
	}
	return members
}

// directory draws a directory that may have the uids a and b for the member ids 7 and 8.
func (w *writer) directory(a, b event.UID) directory {
	members := directory{"9": "IDNINTH " + forNone}
	if w.maybe() {
		members["7"] = a
	}
	if w.maybe() {
		members["8"] = b
	}
	return members
}

// trade draws a trade, its headers, and a directory for the member ids of its parties.
func (w *writer) trade() (directory, headers, string) {
	h := headers{}
	body := w.public("id", "price", "volume", "funds", "market", "market_id", "created_at", "trend", "maker_type", "taker_type", "type", "amount", "total")
	body = append(body, w.hidden(forNone, "side", "order_id", "trades", "uid", "email", "member_uid", w.unknown(forNone))...)
	seller := "IDSELLER " + forNone
	buyer := w.oneOf("IDBUYER "+forNone, seller)
	for _, s := range []struct {
		name, uid, mark string
		id              int64
	}{{"ask", seller, forAsk, 7}, {"bid", buyer, forBid, 8}} {
		own := w.order(s.mark)
		w.owner(s.uid, s.id, s.name+"_", h, &body, &own)
		if w.maybe() {
			body = append(body, [2]string{w.key(s.name + "_id"), w.secret(s.mark, true)})
		}
		switch w.oneOf("none", "null", "object", "object", "object") {
		case "null":
			body = append(body, [2]string{w.key(s.name), "null"})
		case "object":
			body = append(body, [2]string{w.key(s.name), w.object(own...)})
		}
	}
	return w.directory(event.UID(seller), event.UID(buyer)), h, w.space() + w.object(body...) + w.space()
}

// I1: no message of a Trade contains what only the counterparty, or no user, may see.
func TestTrade_ShowsNothingOfTheCounterparty(t *testing.T) {
	views := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		members, h, body := (&writer{t: t}).trade()
		got := decodeWith(t, members, event.Trade, h, body)
		for _, e := range got.Events {
			view, _ := refMembers(e.Message[len(`{"trade":`) : len(e.Message)-1])
			side := string(view.value("side"))
			views[side]++
			foreign := map[string][]string{
				`"ask"`: {forBid, forNone}, `"bid"`: {forAsk, forNone}, `"both"`: {forNone},
			}[side]
			if foreign == nil {
				t.Fatalf("got side %s in %s", side, e.Message)
			}
			if whose := map[string]string{`"ask"`: "IDSELLER ", `"bid"`: "ID", `"both"`: "IDSELLER "}[side]; !strings.HasPrefix(string(e.UID), whose) {
				t.Fatalf("got the message of side %s for user %s", side, e.UID)
			}
			for _, mark := range foreign {
				if strings.Contains(string(e.Message), mark) {
					t.Fatalf("got %q in the message %s\nof %s", mark, e.Message, body)
				}
			}
		}
		if d := diff(reference(event.Delivery{Kind: event.Trade, Headers: h, Body: []byte(body)}, members), got); d != "" {
			t.Fatalf("%s\n(-reference +got)\n%s", body, d)
		}
	})
	for _, side := range []string{`"ask"`, `"bid"`, `"both"`} {
		if views[side] == 0 {
			t.Errorf("no message with side %s was drawn", side)
		}
	}
}

func TestOrder_EqualsReference(t *testing.T) {
	events := 0
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{t: t}
		h, members := headers{}, w.order("mine")
		w.owner("IDOWNER "+forNone, 7, "", h, &members, &members)
		body := w.space() + w.object(members...)
		known := w.directory("IDOWNER "+forNone, "")
		got := decodeWith(t, known, event.Order, h, body)
		for _, e := range got.Events {
			events++
			if strings.Contains(string(e.Message), forNone) {
				t.Fatalf("got an identity or a counterparty in %s\nof %s", e.Message, body)
			}
		}
		if d := diff(reference(event.Delivery{Kind: event.Order, Headers: h, Body: []byte(body)}, known), got); d != "" {
			t.Fatalf("%s\n(-reference +got)\n%s", body, d)
		}
	})
	if events == 0 {
		t.Error("no order with an owner was drawn")
	}
}
