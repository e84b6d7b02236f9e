package hub

import (
	"context"
	"time"

	"ranger/internal/hub/internal/protocol"
)

// drainEvery is how often a slice of the sockets is closed.
const drainEvery = 50 * time.Millisecond

// Drain takes no more sockets, closes those that there are in equal slices over
// period while events still flow, and returns when all have ended. Clients that
// opted in are told at once when their moment is, and closed with 1012, others
// with 1001. When ctx is done first, it cuts those that are left.
func (h *Hub) Drain(ctx context.Context, period time.Duration) {
	sessions := h.registry.close()
	h.leave()
	total := len(sessions)
	start := time.Now()
	// moment is when, from start on, the n-th session is closed.
	moment := func(n int) time.Duration {
		return time.Duration(int64(n) * int64(period) / int64(max(1, total-1)))
	}
	for n, s := range sessions {
		s.part(h.at(start), h.at(start).add(moment(n)))
	}
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	stop := context.AfterFunc(ctx, func() {
		for _, s := range sessions {
			s.drop()
		}
	})
	defer stop()
	for closed := 0; closed < total && ctx.Err() == nil; {
		if open, _ := h.registry.count(); open == 0 {
			break // the rest have left by themselves
		}
		for ; closed < total && moment(closed) <= time.Since(start); closed++ {
			sessions[closed].sendAway()
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	h.running.Wait()
}

// part sets when the session is to be closed, unless it is sooner already, and
// tells a client that understands it. It does not block.
func (s *session) part(now, at instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.partAt == 0 || at < s.partAt {
		s.partAt = at
		s.partLocked(now)
	}
}

// sendAway ends the session with the code that its client understands. Events
// that are there come first, for as long as one write may take.
func (s *session) sendAway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := protocol.GoingAway
	if s.sub.optedIn() {
		e = protocol.Restart
	}
	s.goneBy = s.hub.now().add(s.hub.cfg.WriteTimeout)
	s.endLocked(e, uint16(e))
}
