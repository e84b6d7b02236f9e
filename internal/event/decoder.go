package event

import (
	"slices"
	"unicode/utf8"
)

// Decoder decodes one message after another in memory that it uses again: it
// allocates nothing for ordinary messages of users that come again. It is for one
// goroutine.
type Decoder struct {
	maxBody int       // fixed at construction
	members Directory // fixed at construction
	names   *names    // fixed at construction; nil for none

	// The outcome of the last Decode, and what it is made of.
	out         Outcome
	events      [2]Event
	undelivered [2]Reason
	missing     [2]string
	text        []byte

	// Room for the members of the body, of one of an order's trades, and of a Trade's
	// own orders: the seller's and the buyer's.
	body, trade object
	own         [2]inner
}

// NewDecoder returns a Decoder for which a body longer than maxBody bytes is bad.
// members turns member ids into uids; where it is nil, no id is known.
func NewDecoder(maxBody int, members Directory) *Decoder {
	d := newDecoder(maxBody, members)
	d.names = newNames()
	return d
}

// newDecoder is NewDecoder for one that remembers no names.
func newDecoder(maxBody int, members Directory) *Decoder {
	return &Decoder{maxBody: maxBody, members: members, own: [...]inner{{key: `"ask"`}, {key: `"bid"`}}}
}

// Decode finds out whose event a message is and builds what each of them gets. It
// never panics and does no I/O. The outcome shares no memory with the body; it is
// valid until the next call, but for the uids and ids in it, which stay.
//
// A message is bad for the first of these that is true of it: UnknownExchange,
// TooBig, NotUTF8; TooDeep or NotJSON, whichever comes first in the text;
// NotObject; DuplicateKey at the top level; DuplicateKey or BadField in the
// order (for a Trade in `ask`, then in `bid`), whoever its owner is; BadHeader
// or BadField in the search for the owner (the seller's, then the buyer's).
func (d *Decoder) Decode(kind Kind, headers Headers, body []byte) Outcome {
	d.reset()
	reason := UnknownExchange
	switch {
	case kind != Order && kind != Trade:
	case len(body) > d.maxBody:
		reason = TooBig
	case !utf8.Valid(body):
		reason = NotUTF8
	case kind == Order:
		reason = d.decodeOrder(headers, body)
	default:
		reason = d.decodeTrade(headers, body)
	}
	if reason != "" {
		d.undelivered[0] = reason
		return Outcome{Undelivered: d.undelivered[:1:1]}
	}
	return d.out
}

// What a Decoder keeps to be used again: more than an ordinary message needs.
const (
	keptText    = 64 << 10
	keptMembers = 1 << 10
)

// reset forgets the last outcome, and room that few messages need.
func (d *Decoder) reset() {
	d.out, d.events = Outcome{}, [2]Event{}
	if cap(d.text) > keptText {
		d.text = nil
	}
	for _, o := range [...]*object{&d.body, &d.trade, &d.own[0].members, &d.own[1].members} {
		if cap(*o) > keptMembers {
			*o = nil
		}
	}
}

// send adds an event, whose message is a part of d.text.
func (d *Decoder) send(uid UID, kind Kind, message []byte) {
	n := len(d.out.Events)
	d.events[n] = Event{UID: uid, Kind: kind, Message: slices.Clip(message)}
	d.out.Events = d.events[: n+1 : n+1]
}

// miss adds a recipient who is not known.
func (d *Decoder) miss(who owner) {
	n := len(d.out.Undelivered)
	d.undelivered[n] = who.undelivered
	d.out.Undelivered = d.undelivered[: n+1 : n+1]
	if who.undelivered == UnknownMember {
		n := len(d.out.Members)
		d.missing[n] = who.member
		d.out.Members = d.missing[: n+1 : n+1]
	}
}
