// Package unresolved remembers the events of unknown member ids.
package unresolved

import (
	"sync"

	"ranger/internal/event"
)

const (
	// Max bounds how many member ids are remembered.
	Max = 100_000
	// maxResolved bounds how many gaps are recorded in one check.
	maxResolved = 100
)

// Members remembers the member ids whose events were not delivered, until a
// directory knows them: then their users get a gap. The zero value is ready for
// use. It is safe for concurrent use.
type Members struct {
	mu   sync.Mutex
	ids  map[string]interval // guarded by mu
	full bool                // guarded by mu: an id was not remembered
}

// interval is when events were missed, Unix ms.
type interval struct{ from, to int64 }

// Add notes an event of an unknown member. The event was read at now, and published
// after since, or after an unknown time if since is 0. If Max ids are remembered
// already, Add ignores new ones, and returns false for the first that it ignores.
func (m *Members) Add(member string, since, now int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	missed, ok := m.ids[member]
	switch {
	case ok:
		missed.to = now
	case len(m.ids) == Max:
		first := !m.full
		m.full = true
		return !first
	default:
		missed = interval{min(since, now), now}
	}
	if m.ids == nil {
		m.ids = make(map[string]interval)
	}
	m.ids[member] = missed
	return true
}

// Forget forgets what a member missed up to a time, Unix ms, because its user has
// got a gap.
func (m *Members) Forget(member string, to int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if missed, ok := m.ids[member]; ok && missed.to > to {
		m.ids[member] = interval{to, missed.to}
		return
	}
	delete(m.ids, member)
}

// Resolved returns the gaps of ids that members knows by now, at most maxResolved.
func (m *Members) Resolved(members event.Directory) []event.Gap {
	m.mu.Lock()
	defer m.mu.Unlock()
	var gaps []event.Gap
	for member, missed := range m.ids {
		if len(gaps) == maxResolved {
			break
		}
		if uid, ok := members.UID(member); ok {
			gaps = append(gaps, event.Gap{From: missed.from, To: missed.to, Reason: event.GapMember, UID: uid, Member: member})
		}
	}
	return gaps
}
