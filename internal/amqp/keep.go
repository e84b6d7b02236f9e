package amqp

import (
	"context"
	"slices"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// keep appends to the journal what becomes of d, which was read now. Where ctx
// ends before it is known whose it is, it returns an error: d is to be read again.
func (r *reader) keep(ctx context.Context, at journal.Position, d *delivery, lost bool, now time.Time) error {
	if at.Offset < r.begin {
		r.remember(d)
		return nil
	}
	s := r.src
	s.readAt = now.UnixMilli()
	m := journal.Message{
		Position: at, Lost: lost, At: s.readAt, Micros: uint16(now.Nanosecond() / 1000 % 1000), //nolint:gosec // below 1000
		MoreBuffered: r.more,
	}
	unrouted := r.understand(ctx, d, &m)
	if err := ctx.Err(); err != nil && slices.Contains(unrouted, event.UnknownMember) {
		s.retries.takeBack(d.messageID)
		return err
	}
	if s.owed != nil && m.Gap == nil { // a message announces one gap
		s.owed.To = max(s.owed.From, m.At)
		m.Gap = s.owed.Message()
		s.metrics.Gap(s.owed.Reason)
		s.owed = nil
	}
	s.journal.Append(m)
	for i := range m.Events {
		if kind := m.Events[i].Kind; kind != event.Announcement {
			s.metrics.Event(kind)
		}
	}
	for _, reason := range unrouted {
		s.metrics.Undelivered(reason)
		s.unrouted.report(at.Offset, string(d.exchange), reason)
	}
	return nil
}

// understand finds out what d is, puts what users get of it into m, and returns
// why others get nothing.
func (r *reader) understand(ctx context.Context, d *delivery, m *journal.Message) []event.Reason {
	s := r.src
	if r.mark(d) {
		return nil
	}
	if gap, ok := readGap(d); ok {
		s.tell(gap, m)
		return nil
	}
	if s.retries.again(d.exchange, d.messageID) {
		s.metrics.Retried()
		return nil
	}
	out := s.decode(ctx, d)
	m.Events = out.Events
	return out.Undelivered
}

// mark deals with d if it is a marker, and tells whether it is.
func (r *reader) mark(d *delivery) bool {
	read, ok := readMarker(d)
	if ok {
		r.src.heed(read)
		r.src.noteLook(read.Looked)
		r.markers.see(read)
	}
	return ok
}

// remember takes from d, which is not kept, what those that follow are judged by:
// the time, and its message_id.
func (r *reader) remember(d *delivery) {
	if !r.mark(d) {
		r.src.retries.again(d.exchange, d.messageID)
	}
}

// tell puts a gap that a node recorded into m.
func (s *Source) tell(g event.Gap, m *journal.Message) {
	s.metrics.Gap(g.Reason)
	if g.UID == "" {
		m.Gap = g.Message()
		return
	}
	s.missed.forget(g.Member, g.To)
	m.Events = []event.Event{{UID: g.UID, Kind: event.Announcement, Message: g.Message()}}
}

// owe notes that clients are to be told of a gap before the next message. It
// began at since, when a message before it was read, Unix ms; at the newest marker
// read if that is earlier: what is missing may have been published long before it
// could have been read. It is for the goroutines of Run, one after another.
func (s *Source) owe(reason event.GapReason, since int64) {
	if s.retries.clock > 0 {
		since = min(since, s.retries.clock)
	}
	if s.owed != nil {
		since = min(since, s.owed.From)
	}
	s.owed = &event.Gap{From: since, Reason: reason}
}

// noteLook notes when a node found all well, Unix ms. A node whose clock is ahead
// is not believed until then: a gap must not begin after it ended.
func (s *Source) noteLook(at int64) {
	if at > s.looked.Load() && at <= time.Now().UnixMilli() {
		s.looked.Store(at) // by one goroutine
	}
}

// lastLook returns when a node last found all well, Unix ms, or the beginning of
// the window where none is known.
func (s *Source) lastLook() int64 {
	if at := s.looked.Load(); at > 0 {
		return at
	}
	return s.oldest()
}

// oldest returns the time before which nothing is held, Unix ms.
func (s *Source) oldest() int64 { return time.Now().Add(-s.cfg.Window).UnixMilli() }
