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

// Add notes an event of an unknown member that was published after since, 0 for not
// known, and read at now. If there are too many ids it remembers no new one, and
// returns false for the first of these.
func (u *Members) Add(member string, since, now int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	missed, ok := u.ids[member]
	switch {
	case ok:
		missed.to = now
	case len(u.ids) == Max:
		first := !u.full
		u.full = true
		return !first
	default:
		missed = interval{min(since, now), now}
	}
	if u.ids == nil {
		u.ids = make(map[string]interval)
	}
	u.ids[member] = missed
	return true
}

// Forget forgets what a member missed up to a time, Unix ms, because its user has
// got a gap.
func (u *Members) Forget(member string, to int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if missed, ok := u.ids[member]; ok && missed.to > to {
		u.ids[member] = interval{to, missed.to}
		return
	}
	delete(u.ids, member)
}

// Resolved returns the gaps of ids that members knows by now, at most maxResolved.
func (u *Members) Resolved(members event.Directory) []event.Gap {
	u.mu.Lock()
	defer u.mu.Unlock()
	var gaps []event.Gap
	for member, missed := range u.ids {
		if len(gaps) == maxResolved {
			break
		}
		if uid, ok := members.UID(member); ok {
			gaps = append(gaps, event.Gap{From: missed.from, To: missed.to, Reason: event.GapMember, UID: uid, Member: member})
		}
	}
	return gaps
}
