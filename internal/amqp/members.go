package amqp

import (
	"context"
	"sync"

	"ranger/internal/event"
)

// Members turns Peatio's member ids into uids.
type Members interface {
	event.Directory
	// Find looks for an id that memory does not have. It may wait some seconds
	// for a directory that does not answer; the end of ctx ends it.
	Find(ctx context.Context, member string) (event.UID, bool)
}

// decode decodes d, with ids that memory does not have looked for. Those that are not
// known are noted, unless ctx has ended: then d is to be read again.
func (s *Source) decode(ctx context.Context, d *delivery) event.Outcome {
	kind := s.cfg.Exchanges.kindOf(d.exchange)
	out := s.decoder.Decode(kind, d, d.body)
	if len(out.Members) == 0 || s.cfg.Members == nil {
		return out
	}
	s.journal.EndBatch() // Find may take long
	found := false
	for _, member := range out.Members {
		if len(member) <= maxMember {
			_, ok := s.cfg.Members.Find(ctx, member)
			found = found || ok
		}
	}
	if found {
		out = s.decoder.Decode(kind, d, d.body)
	}
	if ctx.Err() != nil {
		return out
	}
	for _, member := range out.Members {
		if len(member) <= maxMember && !s.missed.note(member, s.retries.clock, s.readAt) {
			s.log.WarnContext(ctx, "too many member ids are not known: not all of their users will be told of a gap; fill MEMBER_DIRECTORY",
				"ids", maxMissed)
		}
	}
	return out
}

// maxMember is how many digits a member id has at most that is looked for: a
// database's integers have 20.
const maxMember = 40

// maxMissed bounds how many ids are remembered, maxTold how many users are told
// at one look.
const (
	maxMissed = 100_000
	maxTold   = 100
)

// missed remembers the member ids whose events reached nobody, until they are
// known: then their users are told of the gap. Its zero value is ready for use;
// it is safe for concurrent use.
type missed struct {
	mu   sync.Mutex
	ids  map[string]interval // guarded by mu
	full bool                // guarded by mu: that it was full was said
}

// interval is when events were missed, Unix ms.
type interval struct{ from, to int64 }

// note notes an event of an unknown member that was published after since, and
// read at now; since is 0 where that is not known. Beyond maxMissed an id is not
// remembered; it reports false for the first of these.
func (m *missed) note(member string, since, now int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	was, ok := m.ids[member]
	switch {
	case ok:
		was.to = now
	case len(m.ids) == maxMissed:
		said := m.full
		m.full = true
		return said
	case m.ids == nil:
		m.ids = make(map[string]interval)
		fallthrough
	default:
		was = interval{min(since, now), now}
	}
	m.ids[member] = was
	return true
}

// forget forgets what was missed of an id up to a time, Unix ms: its user was
// told.
func (m *missed) forget(member string, to int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, ok := m.ids[member]; ok && i.to > to {
		m.ids[member] = interval{to, i.to}
		return
	}
	delete(m.ids, member)
}

// known returns a gap for ids that members knows by now, maxTold at most.
func (m *missed) known(members event.Directory) []event.Gap {
	m.mu.Lock()
	defer m.mu.Unlock()
	var gaps []event.Gap
	for member, i := range m.ids {
		if len(gaps) == maxTold {
			break
		}
		if uid, ok := members.UID(member); ok {
			gaps = append(gaps, event.Gap{From: i.from, To: i.to, Reason: event.GapMember, UID: uid, Member: member})
		}
	}
	return gaps
}

// tellMembers records a gap for each user whose member id has become known.
func (l *lookout) tellMembers(ctx context.Context) error {
	s := l.reader.src
	if s.cfg.Members == nil {
		return nil
	}
	gaps := s.missed.known(s.cfg.Members)
	for _, g := range gaps {
		if g.From == 0 {
			g.From = s.oldest()
		}
		if err := l.reader.markers.record(ctx, g); err != nil {
			return err
		}
		s.missed.forget(g.Member, g.To)
	}
	if len(gaps) > 0 {
		s.log.InfoContext(ctx, "member ids have become known; their users are told of the gap",
			"first", gaps[0].Member, "ids", len(gaps))
	}
	return nil
}
