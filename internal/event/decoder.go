package event

import (
	"slices"
	"unicode/utf8"

	"ranger/internal/event/scan"
)

// Decoder decodes messages and reuses its memory: it allocates nothing for ordinary
// messages of users seen recently. It is not safe for concurrent use.
type Decoder struct {
	maxBody int       // fixed at construction
	members Directory // fixed at construction
	names   *names    // fixed at construction; nil: none are remembered

	// The outcome of the last Decode, and the memory that it refers to.
	out         Outcome
	events      [2]Event
	undelivered [2]Reason
	unknown     [2]string
	text        []byte

	// Memory for the members of the body, of one element of an order's trades, and
	// of a Trade's own orders: the seller's and the buyer's.
	body, trade scan.Object
	orders      [2]scan.Inner
}

// NewDecoder returns a Decoder for which a body of more than maxBody bytes is
// invalid. members maps member ids to uids; if it is nil, no id is known.
func NewDecoder(maxBody int, members Directory) *Decoder {
	d := newDecoder(maxBody, members)
	d.names = newNames()
	return d
}

// newDecoder returns a Decoder that remembers no names.
func newDecoder(maxBody int, members Directory) *Decoder {
	return &Decoder{maxBody: maxBody, members: members, orders: [...]scan.Inner{{Key: `"ask"`}, {Key: `"bid"`}}}
}

// Decode finds the users that a message is for and encodes an event for each. It never
// panics and does no I/O. The outcome shares no memory with the body. It is valid until
// the next call, except for the uids and ids in it, which remain valid.
//
// A message is invalid for the first of these reasons that applies: UnknownExchange,
// TooBig, NotUTF8; TooDeep or NotJSON, whichever comes first in the text; NotObject;
// DuplicateKey at the top level; DuplicateKey or BadField in the order (for a Trade in
// `ask`, then in `bid`), whether or not it has an owner; BadHeader or BadField in the
// search for the owner (the seller, then the buyer).
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

// The largest buffers that a Decoder keeps: more than an ordinary message needs.
const (
	maxKeptText    = 64 << 10 // bytes
	maxKeptMembers = 1 << 10
)

// reset forgets the last outcome, and drops buffers of an unusual size.
func (d *Decoder) reset() {
	d.out, d.events = Outcome{}, [2]Event{}
	if cap(d.text) > maxKeptText {
		d.text = nil
	}
	for _, o := range [...]*scan.Object{&d.body, &d.trade, &d.orders[0].Object, &d.orders[1].Object} {
		if cap(*o) > maxKeptMembers {
			*o = nil
		}
	}
}

// send adds an event. message is a part of d.text.
func (d *Decoder) send(uid UID, kind Kind, message []byte) {
	n := len(d.out.Events)
	d.events[n] = Event{UID: uid, Kind: kind, Message: slices.Clip(message)}
	d.out.Events = d.events[: n+1 : n+1]
}

// miss adds a recipient that is not known.
func (d *Decoder) miss(o owner) {
	n := len(d.out.Undelivered)
	d.undelivered[n] = o.missing
	d.out.Undelivered = d.undelivered[: n+1 : n+1]
	if o.missing == UnknownMember {
		n := len(d.out.Members)
		d.unknown[n] = o.member
		d.out.Members = d.unknown[: n+1 : n+1]
	}
}
