package amqp

import (
	"ranger/internal/event"
	"ranger/internal/journal"
)

// verify compares what a new connection brings first with what is held. A
// reconnect asks for the last message read, itself included, and must get it.
// Where it does not, the next one asks for the oldest held and goes through
// them: what is no longer there, or is another message, is cut off.
func (r *reader) verify(at journal.Position) error {
	first := !r.compared
	r.compared = true
	switch {
	case at == r.want:
		r.want, r.wanted = r.src.journal.Next(at.Offset)
	case first && at.Offset > r.want.Offset && !r.proving:
		r.wanted, r.trimmed = false, true // it is no longer in the stream, nor what followed
	case first && at.Offset > r.want.Offset && r.src.journal.Holds(at):
		r.want, r.wanted = r.src.journal.Next(at.Offset) // it was held longer than in the stream
	case r.proving && !first:
		since := r.src.journal.Truncate(r.want.Offset)
		r.src.log.Error("messages that were read are no longer in the stream: it was restored from an older copy; clients are told of the gap",
			"stream", r.src.cfg.Stream, "from", r.want)
		r.src.owe(event.GapStream, since)
		r.wanted, r.last = false, at.Offset-1
	default:
		return errForeign
	}
	if r.proving && !r.wanted {
		r.src.proving = false
	}
	return nil
}

// housekeeping is how many offsets in a row may be the broker's own: it begins
// each segment of a stream with a record that is delivered to nobody, and clients
// of the stream protocol may keep their places in it (docs/adr/0007).
const housekeeping = 16

// lost tells whether messages before offset were dropped from the stream before
// they were read.
func (r *reader) lost(offset uint64) bool {
	last, follows := r.last, r.again || r.started
	r.last, r.started = offset, true
	if !follows || offset < r.begin || !r.trimmed && offset <= last+1+housekeeping {
		return false
	}
	r.trimmed = false
	r.src.log.Error("messages were dropped from the stream before they were read; clients are told of the gap; set a longer AMQP_STREAM_MAX_AGE, or a higher AMQP_STREAM_MAX_BYTES",
		"stream", r.src.cfg.Stream, "after", last, "lost", offset-last-1)
	r.src.owe(event.GapOverflow, r.src.readAt)
	return true
}
