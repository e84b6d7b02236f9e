package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"ranger/internal/event"
)

// This file is a slow implementation of Decode with encoding/json, to compare with.

// refMember is a member of an object.
type refMember struct {
	name       string
	key, value []byte
}

// refObject is the members of an object in the order of the text.
type refObject []refMember

func (o refObject) value(name string) []byte {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// refMembers returns the members of a valid object, and whether two have the same name.
func refMembers(text []byte) (refObject, bool) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		panic("no object")
	}
	var o refObject
	names := map[string]bool{}
	repeats := false
	for dec.More() {
		from := dec.InputOffset()
		tok, err := dec.Token()
		if err != nil {
			panic(err)
		}
		m := refMember{name: tok.(string), key: bytes.TrimLeft(text[from:dec.InputOffset()], ", \t\r\n")}
		if err := dec.Decode((*json.RawMessage)(&m.value)); err != nil {
			panic(err)
		}
		repeats = repeats || names[m.name]
		names[m.name] = true
		o = append(o, m)
	}
	return o, repeats
}

func refCompact(text []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// refShape returns why the text of a body is invalid.
func refShape(body []byte) event.Reason {
	if !utf8.Valid(body) {
		return event.NotUTF8
	}
	fault := math.MaxInt
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		var syntax *json.SyntaxError
		if !errors.As(err, &syntax) {
			panic(err)
		}
		if !strings.Contains(err.Error(), "unexpected end") {
			fault = int(syntax.Offset) - 1
		}
	}
	if at := refTooDeep(body); at < fault {
		return event.TooDeep
	}
	if !json.Valid(body) {
		return event.NotJSON
	}
	if bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return event.NotObject
	}
	return ""
}

// refTooDeep returns the offset of the bracket that exceeds the depth.
func refTooDeep(body []byte) int {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth == 33 {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return math.MaxInt
}

// refOrderFault returns why an order, or a Trade's own order, is invalid.
func refOrderFault(text []byte) event.Reason {
	o, repeats := refMembers(text)
	if repeats {
		return event.DuplicateKey
	}
	trades := o.value("trades")
	if trades == nil || string(trades) == "null" {
		return ""
	}
	if trades[0] != '[' {
		return event.BadField
	}
	for _, element := range refElements(trades) {
		if element[0] != '{' {
			return event.BadField
		}
		if _, repeats := refMembers(element); repeats {
			return event.DuplicateKey
		}
	}
	return ""
}

func refElements(array []byte) []json.RawMessage {
	var elements []json.RawMessage
	if err := json.Unmarshal(array, &elements); err != nil {
		panic(err)
	}
	return elements
}

// refJoin encodes members as an object.
func refJoin(o refObject) []byte {
	var members [][]byte
	for _, m := range o {
		members = append(members, append(append(slices.Clone(m.key), ':'), m.value...))
	}
	return append(append([]byte("{"), bytes.Join(members, []byte(","))...), '}')
}

var refPublic = strings.Fields("id price volume funds market market_id created_at trend maker_type taker_type type amount total")

// refScalars returns the public scalars, and those with a name in more.
func refScalars(o refObject, more ...string) refObject {
	return slices.DeleteFunc(slices.Clone(o), func(m refMember) bool {
		name := slices.Contains(refPublic, m.name) || slices.Contains(more, m.name)
		return !name || strings.ContainsRune("{[", rune(m.value[0]))
	})
}

func refOrderView(text []byte) []byte {
	members, _ := refMembers(text)
	var out refObject
	for _, m := range members {
		switch m.name {
		case "member_uid", "member_id", "uid", "email":
			continue
		case "trades":
			if m.value[0] != '[' {
				break
			}
			var elements [][]byte
			for _, element := range refElements(m.value) {
				o, _ := refMembers(element)
				elements = append(elements, refJoin(refScalars(o, "side", "order_id")))
			}
			m.value = append(append([]byte("["), bytes.Join(elements, []byte(","))...), ']')
		}
		out = append(out, m)
	}
	return refCompact(refJoin(out))
}

func refOrder(d event.Delivery, members directory) event.Outcome {
	if reason := refOrderFault(d.Body); reason != "" {
		return undelivered(reason)
	}
	o, _ := refMembers(d.Body)
	uid, reason, id := refSearch(members, d.Headers, o, nil, "member_uid", "member_id")
	if reason == event.NoOwner && o.value("action") != nil {
		reason = event.Broadcast
	}
	switch reason {
	case "":
	case event.UnknownMember:
		return unknown(id)
	default:
		return undelivered(reason)
	}
	return sent(uid, event.Order, `{"orderbook":`+string(refOrderView(d.Body))+`}`)
}

func refTrade(d event.Delivery, members directory) event.Outcome {
	body, repeats := refMembers(d.Body)
	if repeats {
		return undelivered(event.DuplicateKey)
	}
	own := map[string]refObject{}
	for _, side := range []string{"ask", "bid"} {
		text := body.value(side)
		if text == nil || string(text) == "null" {
			continue
		}
		if text[0] != '{' {
			return undelivered(event.BadField)
		}
		if reason := refOrderFault(text); reason != "" {
			return undelivered(reason)
		}
		own[side], _ = refMembers(text)
		if own[side] == nil {
			own[side] = refObject{}
		}
	}
	askUID, askReason, askID := refSearch(members, d.Headers, body, own["ask"], "ask_member_uid", "ask_member_id")
	if askReason != "" && isBad(askReason) {
		return undelivered(askReason)
	}
	bidUID, bidReason, bidID := refSearch(members, d.Headers, body, own["bid"], "bid_member_uid", "bid_member_id")
	if bidReason != "" && isBad(bidReason) {
		return undelivered(bidReason)
	}
	view := func(side string, sides ...string) []byte {
		o := refScalars(body)
		o = append(o, refMember{key: []byte(`"side"`), value: []byte(`"` + side + `"`)})
		for _, s := range sides {
			if side != "both" {
				for _, id := range [][]byte{body.value(s + "_id"), own[s].value("id")} {
					if id != nil && string(id) != "null" && id[0] != '{' && id[0] != '[' {
						o = append(o, refMember{key: []byte(`"order_id"`), value: id})
						break
					}
				}
			}
			if own[s] != nil {
				o = append(o, refMember{key: []byte(`"` + s + `"`), value: refOrderView(body.value(s))})
			}
		}
		return append(append([]byte(`{"trade":`), refJoin(o)...), '}')
	}
	if askUID != "" && askUID == bidUID {
		return sent(askUID, event.Trade, string(view("both", "ask", "bid")))
	}
	var out event.Outcome
	if askReason == "" {
		out.Events = append(out.Events, event.Event{UID: askUID, Kind: event.Trade, Message: view("ask", "ask")})
	} else {
		out.Undelivered = append(out.Undelivered, askReason)
	}
	if bidReason == "" {
		out.Events = append(out.Events, event.Event{UID: bidUID, Kind: event.Trade, Message: view("bid", "bid")})
	} else {
		out.Undelivered = append(out.Undelivered, bidReason)
	}
	for _, id := range []string{askID, bidID} {
		if id != "" {
			out.Members = append(out.Members, id)
		}
	}
	return out
}

// reference decodes like Decode.
func reference(d event.Delivery, members directory) event.Outcome {
	switch {
	case d.Kind != event.Order && d.Kind != event.Trade:
		return undelivered(event.UnknownExchange)
	case len(d.Body) > maxBody:
		return undelivered(event.TooBig)
	}
	if reason := refShape(d.Body); reason != "" {
		return undelivered(reason)
	}
	if d.Kind == event.Order {
		return refOrder(d, members)
	}
	return refTrade(d, members)
}
