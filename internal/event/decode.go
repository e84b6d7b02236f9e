package event

// Outcome is what became of one delivery.
type Outcome struct {
	// Events has one event a user: at most one for an Order and two for a Trade,
	// the seller's first.
	Events []Event
	// Undelivered has a Reason for each recipient that the message should have had
	// and that is not known, the seller first. A bad message has exactly one
	// Reason here and no Events.
	Undelivered []Reason
	// Members has the member id of each UnknownMember in Undelivered, in their
	// order: what the Directory was asked for and did not know.
	Members []string
}

// Decode is that of a Decoder, for a delivery that comes alone: the outcome is the
// caller's. It is safe for concurrent use where members is.
func Decode(d Delivery, maxBody int, members Directory) Outcome {
	return newDecoder(maxBody, members).Decode(d.Kind, Table(d.Headers), d.Body)
}
