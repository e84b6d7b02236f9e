package hub

import (
	"context"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/park"
	"ranger/internal/hub/internal/protocol"
)

// A sweep looks at a part of the sessions at a time, so that each one's clocks
// are looked at once a second.
const (
	sweepEvery = 250 * time.Millisecond
	sweepParts = 4
	// sweepChunk is how many sessions are taken from the registry under one lock: of a
	// million, a part would keep those that connect waiting for a millisecond.
	sweepChunk = 1024
)

// Run watches the sockets that rest, and keeps the clocks of all sessions, until
// ctx is done: pings, silence, authentication, expiry and heartbeats. It is
// called once. Without it, and after it, each socket takes a goroutine.
func (h *Hub) Run(ctx context.Context) error {
	var polling sync.WaitGroup
	defer polling.Wait()
	if !h.cfg.Portable {
		p := park.New()
		h.poller.Store(p)
		polling.Go(func() { p.Run(ctx) })
	}
	h.keepClocks(ctx)
	return nil
}

func (h *Hub) keepClocks(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	buf := make([]*session, sweepChunk)
	for n := 0; ; n = (n + 1) % sweepParts {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			h.sweep(n, now, buf)
		}
	}
}

// sweep looks at the clocks of the n-th of sweepParts of the sessions, as many at a
// time as buf has room for.
func (h *Hub) sweep(n int, now time.Time, buf []*session) {
	at := int64(h.at(now))
	for from, to := h.registry.part(n, sweepParts); from < to; {
		sessions := buf[:h.registry.copy(from, buf[:min(len(buf), to-from)])]
		if len(sessions) == 0 {
			return // so many have gone meanwhile
		}
		for _, s := range sessions {
			if s.due.Load() <= at {
				s.tick(now)
			}
		}
		from += len(sessions)
		clear(sessions)
	}
}

// tick looks at the session's clocks.
// It runs on a sweeper's goroutine.
func (s *session) tick(now time.Time) {
	at := s.hub.at(now)
	if s.silent(at) {
		s.drop()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != 0 {
		s.due.Store(int64(at.add(s.hub.cfg.PingInterval)))
		return
	}
	if at >= s.pingAt {
		s.pingAt = at.add(s.hub.cfg.PingInterval)
		s.queueLocked(websocket.PingMessage, nil)
	}
	switch {
	case s.uid != "":
		if s.expires.until(now) <= 0 {
			s.endLocked(protocol.TokenExpired, uint16(protocol.TokenExpired))
		} else if s.sub.optedIn() {
			s.beatLocked(at)
			s.warnLocked(now)
		}
	case at >= s.authBy:
		s.endLocked(protocol.AuthTimeout, uint16(protocol.AuthTimeout))
	}
	s.planLocked(now)
}

// silent tells whether the peer has shown no sign of life for two pings. While
// its token is verified nothing is read that could be one.
func (s *session) silent(now instant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authBy != never && now >= s.silentAt()
}

// silentAt returns when two pings will have passed since the last sign of life.
func (s *session) silentAt() instant {
	return instant(s.wire.life.Load()).add(2 * s.hub.cfg.PingInterval)
}

// planLocked sets when tick has something to do next.
func (s *session) planLocked(now time.Time) {
	at := s.hub.at(now)
	due := min(s.pingAt, s.silentAt())
	if s.uid == "" {
		due = min(due, s.authBy)
	} else {
		due = min(due, at.add(s.expires.until(now)))
	}
	if f := s.sub; f.optedIn() {
		due = min(due, f.heartbeatAt)
		if !f.warned {
			due = min(due, at.add(s.expires.until(now)-warning))
		}
	}
	s.due.Store(int64(due))
}
