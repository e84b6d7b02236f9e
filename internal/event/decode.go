package event

import "unicode/utf8"

// scratchSize is the room in bytes for a message while it is built. A longer
// one costs another allocation.
const scratchSize = 2048

// framing is more than what a view has beside text copied from the body.
const framing = 64

// Outcome is what became of one delivery.
type Outcome struct {
	// Events has one event a user: at most one for an Order and two for a Trade,
	// the seller's first.
	Events []Event
	// Unrouted has a Reason for each recipient that the message should have had
	// and that is not known, the seller first. A bad message has exactly one
	// Reason here and no Events.
	Unrouted []Reason
	// Members has the member id of each UnknownMember in Unrouted, in their
	// order: what members was asked for and did not know.
	Members []string
}

// Decode finds out whose event a delivery is and builds what each of them gets.
// A body longer than maxBody bytes is bad. members turns member ids into uids;
// where it is nil, no id is known. Decode is a pure function of the three: it
// never panics, does no I/O, and its outcome shares no memory with the body. It
// is safe for concurrent use where members is.
//
// A message is bad for the first of these that is true of it: UnknownExchange,
// TooBig, NotUTF8; TooDeep or NotJSON, whichever comes first in the text;
// NotObject; DuplicateKey at the top level; DuplicateKey or BadField in the
// order (for a Trade in `ask`, then in `bid`), whoever its owner is; BadHeader
// or BadField in the search for the owner (the seller's, then the buyer's).
func Decode(d Delivery, maxBody int, members Directory) Outcome {
	// Decode is small enough to be inlined, so the events of a caller that
	// copies them out stay on its stack.
	var events [2]Event
	return decode(d, maxBody, members, events[:0])
}

// decode is Decode with room for the events.
func decode(d Delivery, maxBody int, members Directory, events []Event) Outcome {
	switch {
	case d.Kind != Order && d.Kind != Trade:
		return bad(UnknownExchange)
	case len(d.Body) > maxBody:
		return bad(TooBig)
	case !utf8.Valid(d.Body):
		return bad(NotUTF8)
	case d.Kind == Order:
		return decodeOrder(d, members, events)
	default:
		return decodeTrade(d, members, events)
	}
}

// miss adds a recipient who is not known.
func (o *Outcome) miss(who owner) {
	o.Unrouted = append(o.Unrouted, who.unrouted)
	if who.unrouted == UnknownMember {
		o.Members = append(o.Members, who.member)
	}
}

// bad is the outcome of a message that reaches nobody for reason r.
func bad(r Reason) Outcome {
	return Outcome{Unrouted: []Reason{r}}
}
