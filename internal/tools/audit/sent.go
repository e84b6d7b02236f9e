package audit

import (
	"slices"
	"sync"
	"time"
)

// sentEvent records the publishing of one event. Times count from the start of the
// run.
type sentEvent struct {
	first     time.Duration // of the first try
	last      time.Duration // of the last try
	confirmed time.Duration // when the confirm arrived; 0: there is none
	conn      uint32        // number of the publisher's connection of the first try
	tries     uint32
}

// sentOnce reports whether exactly one copy of the event exists and the broker
// took it.
func (e sentEvent) sentOnce() bool { return e.tries == 1 && e.confirmed != 0 }

// separateCopies reports whether the copies of the event may be so far apart that
// a node delivers more than one of them: it compares message ids for a minute
// (docs/protocol.md).
func (e sentEvent) separateCopies() bool { return e.tries > 1 && e.last-e.first > copyWindow }

// copyWindow is that minute less a margin for clocks and queues.
const copyWindow = 50 * time.Second

// sentEvents records all events of a run, by serial. It is safe for concurrent use.
type sentEvents struct {
	start time.Time // fixed at construction: of the run

	mu        sync.Mutex
	events    []sentEvent // guarded by mu
	confirmed int         // guarded by mu: number of confirmed events
	retried   int         // guarded by mu: number of events with more than one try
}

// now returns the time since the start of the run.
func (s *sentEvents) now() time.Duration { return time.Since(s.start) }

// unixMS converts a time since the start of the run to Unix milliseconds.
func (s *sentEvents) unixMS(t time.Duration) int64 { return s.start.Add(t).UnixMilli() }

// addTry records that the event is about to be sent on that connection. New events
// are added in the order of their serials.
func (s *sentEvents) addTry(n serial, conn uint32) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(n) == len(s.events) {
		s.events = append(s.events, sentEvent{first: now, conn: conn})
	}
	e := &s.events[n]
	e.last = now
	if e.tries++; e.tries == 2 {
		s.retried++
	}
}

// confirm records that the broker took the event and routed it.
func (s *sentEvents) confirm(n serial) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[n].confirmed = max(now, 1) // 0 means unconfirmed
	s.confirmed++
}

// event returns the record of an event, or false if it was not sent.
func (s *sentEvents) event(n serial) (sentEvent, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(n) >= len(s.events) {
		return sentEvent{}, false
	}
	return s.events[n], true
}

// counts returns the number of sent, of retried and of confirmed events.
func (s *sentEvents) counts() (sent, retried, confirmed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events), s.retried, s.confirmed
}

// all returns a copy of the records.
func (s *sentEvents) all() []sentEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// expected returns, by user, the confirmed events that each must receive, in order.
func expected(w workload, events []sentEvent) [][]serial {
	byUser := make([][]serial, w.users)
	for i, e := range events {
		if e.confirmed == 0 {
			continue
		}
		n := serial(i)
		_, seller, buyer := w.parties(n)
		byUser[seller] = append(byUser[seller], n)
		if buyer != seller {
			byUser[buyer] = append(byUser[buyer], n)
		}
	}
	return byUser
}
