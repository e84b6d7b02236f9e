package amqp

import (
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/scan"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// position returns the position of d, or reports that d was appended before.
func (r *reader) position(d *frame.Delivery) (at journal.Position, known bool, err error) {
	if r.sequencer != nil {
		at, known = r.sequencer.Position(d)
		return at, known, nil
	}
	offset, ok := d.Offset()
	if !ok {
		return journal.Position{}, false, scan.ErrNoOffset
	}
	return journal.Position{Offset: offset, Check: d.Check}, false, nil
}

// verify compares what a new connection delivers first with the journal. A
// reconnect asks for the last message read and must get it. If it does not, the
// next one asks for the oldest in the journal and compares all: messages that are
// no longer in the stream, or are others there, are truncated.
func (r *reader) verify(at journal.Position) error {
	first := !r.compared
	r.compared = true
	j := r.journal
	switch {
	case at == r.expected:
		r.expected, r.expectNext = j.Next(at.Offset)
	case first && at.Offset > r.expected.Offset && !r.revalidating:
		r.expectNext, r.truncated = false, true // the stream has dropped it, and what followed
	case first && at.Offset > r.expected.Offset && j.Holds(at):
		r.expected, r.expectNext = j.Next(at.Offset) // the stream drops earlier than the journal
	case r.revalidating && !first:
		since := j.Truncate(r.expected.Offset)
		r.log.Error("messages read are no longer in the stream; gap announced",
			"stream", r.cfg.Stream, "from", r.expected, "advice", "the stream was restored from an older copy")
		r.pipeline.deferGap(event.GapStream, since)
		r.expectNext, r.last = false, at.Offset-1
	default:
		return errStreamMismatch
	}
	if r.revalidating && !r.expectNext {
		r.revalidated = true
	}
	return nil
}

// maxInternal is how many offsets in a row may be the broker's own: each segment of
// a stream begins with a record that is not delivered, and clients of the stream
// protocol may store their offsets in it (docs/adr/0007).
const maxInternal = 16

// isLost reports whether the stream dropped messages before offset that were not
// read, and defers the gap.
func (r *reader) isLost(offset uint64) bool {
	last, follows := r.last, r.resumes || r.started
	r.last, r.started = offset, true
	if !follows || offset < r.windowStart || !r.truncated && offset <= last+1+maxInternal {
		return false
	}
	r.truncated = false
	r.log.Error("the stream dropped messages before they were read; gap announced",
		"stream", r.cfg.Stream, "after", last, "lost", offset-last-1,
		"advice", "set a longer AMQP_STREAM_MAX_AGE, or a higher AMQP_STREAM_MAX_BYTES")
	r.pipeline.deferGap(event.GapOverflow, r.pipeline.lastRead)
	return true
}
