package audit

import (
	"slices"
	"sync"
	"time"
)

// entry is what the broker said of one event. Instants count from the run's
// start.
type entry struct {
	first     time.Duration // when it was first sent
	last      time.Duration // when it was last sent
	confirmed time.Duration // when it was known to be taken and routed; 0: it is not
	conn      uint32        // the publisher's connection that it was first sent on
	tries     uint32
}

// clean tells whether there is just one copy of the event, which the broker
// took.
func (e entry) clean() bool { return e.tries == 1 && e.confirmed != 0 }

// copied tells whether copies of the event may be so far apart that a node does
// not know them for one: it looks back a minute (docs/protocol.md).
func (e entry) copied() bool { return e.tries > 1 && e.last-e.first > copyWindow }

// copyWindow is less than that minute by what clocks and queues may take.
const copyWindow = 50 * time.Second

// account is what each user must get: an entry for each event that was sent. It
// is safe for concurrent use.
type account struct {
	start time.Time // fixed at construction: the run's

	mu        sync.Mutex
	entries   []entry // guarded by mu, by serial
	confirmed int     // guarded by mu
	retried   int     // guarded by mu
}

// now returns the time since the run's start.
func (a *account) now() time.Duration { return time.Since(a.start) }

// unixMS returns t in Unix milliseconds.
func (a *account) unixMS(t time.Duration) int64 { return a.start.Add(t).UnixMilli() }

// sending notes that the event is about to be sent on that connection. New
// events come in their order.
func (a *account) sending(n serial, conn uint32) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if int(n) == len(a.entries) {
		a.entries = append(a.entries, entry{first: now, conn: conn})
	}
	e := &a.entries[n]
	e.last = now
	if e.tries++; e.tries == 2 {
		a.retried++
	}
}

// confirm notes that the broker has taken the event and routed it.
func (a *account) confirm(n serial) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries[n].confirmed = max(now, 1) // the first of a run may take no time
	a.confirmed++
}

// entry returns what is known of the event; false: it was not sent.
func (a *account) entry(n serial) (entry, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if int(n) >= len(a.entries) {
		return entry{}, false
	}
	return a.entries[n], true
}

// sums returns how many events were sent, how many of them more than once, and
// how many were confirmed.
func (a *account) sums() (sent, retried, confirmed int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.entries), a.retried, a.confirmed
}

// all returns a copy of the entries.
func (a *account) all() []entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.entries)
}

// due returns for each user the events that they must get, in order.
func due(p plan, entries []entry) [][]serial {
	owed := make([][]serial, p.users)
	for i, e := range entries {
		if e.confirmed == 0 {
			continue
		}
		n := serial(i)
		_, seller, buyer := p.parties(n)
		owed[seller] = append(owed[seller], n)
		if buyer != seller {
			owed[buyer] = append(owed[buyer], n)
		}
	}
	return owed
}
