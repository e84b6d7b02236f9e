package hub

import (
	"sync"
	"time"
)

// throttleInterval is how often throttled sessions are written to: a frame of a screen
// with 60 Hz.
const throttleInterval = 16 * time.Millisecond

// throttle wakes throttled sessions that have events to write, all at once every interval.
// Its goroutine runs only while a session waits.
type throttle struct {
	hub      *Hub          // fixed at construction
	interval time.Duration // throttleInterval; 0 throttles no session

	mu      sync.Mutex
	waiting []*session // guarded by mu
	running bool       // guarded by mu
}

// add makes s wait for the next tick. It does not block.
func (t *throttle) add(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, s)
	if !t.running {
		t.running = true
		t.hub.running.Go(t.run)
	}
}

func (t *throttle) run() {
	tick := time.NewTicker(t.interval)
	defer tick.Stop()
	var sessions []*session
	for {
		<-tick.C
		if sessions = t.take(sessions); len(sessions) == 0 {
			return
		}
		for i, s := range sessions {
			t.wake(s)
			sessions[i] = nil
		}
	}
}

// take returns the sessions that wait, and keeps the room of spare for others. If there
// are none, it notes that the goroutine ends.
func (t *throttle) take(spare []*session) (sessions []*session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sessions, t.waiting = t.waiting, spare[:0]
	t.running = len(sessions) > 0
	return sessions
}

// wake writes to a session that has waited.
func (t *throttle) wake(s *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.waiting {
		s.out.waiting, s.out.woken = false, true
		s.startWriterLocked()
	}
}
