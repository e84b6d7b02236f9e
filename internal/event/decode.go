package event

// Outcome is the result of decoding one message.
type Outcome struct {
	// Events has one event for each user: at most one for an Order and two for a
	// Trade, the seller's first.
	Events []Event
	// Undelivered has a Reason for each recipient that the message should have and
	// that is not known, the seller first. For an invalid message it has exactly one
	// Reason, and Events is empty.
	Undelivered []Reason
	// Members has the member id of each UnknownMember in Undelivered, in the same
	// order: the ids that the Directory did not know.
	Members []string
}

// Decode decodes a single delivery like Decoder.Decode. The caller owns the outcome.
// It is safe for concurrent use if members is.
func Decode(d Delivery, maxBody int, members Directory) Outcome {
	return newDecoder(maxBody, members).Decode(d.Kind, Table(d.Headers), d.Body)
}
