package hub

import (
	"context"
	"sync"
	"time"

	"ranger/internal/hub/internal/park"
)

// Each sweep checks the timers of one of sweepParts of the sessions, so that those of each
// session are checked once a second.
const (
	sweepInterval = 250 * time.Millisecond
	sweepParts    = 4
	// sweepChunk is how many sessions are copied from the registry under one lock. With
	// a million sessions a whole part would delay new ones by a millisecond.
	sweepChunk = 1024
)

// Run watches parked sockets and checks the timers of all sessions until ctx is done:
// pings, silence, authentication, expiry and heartbeats. It is called once. Before and
// after it, and if epoll fails, each socket takes a goroutine.
func (h *Hub) Run(ctx context.Context) error {
	var polling sync.WaitGroup
	defer polling.Wait()
	if !h.cfg.Portable {
		p := park.New()
		h.poller.Store(p)
		polling.Go(func() {
			if err := p.Run(ctx); err != nil {
				h.log.WarnContext(ctx, "epoll failed: idle sockets keep a goroutine", "error", err,
					"advice", "check the limit of open files (LimitNOFILE), then restart; until then a socket takes twice the memory")
			}
		})
	}
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	buf := make([]*session, sweepChunk)
	for n := 0; ; n = (n + 1) % sweepParts {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			h.sweep(n, now, buf)
		}
	}
}

// sweep checks the timers of the n-th part of the sessions, as many at a time as buf has
// room for.
func (h *Hub) sweep(n int, now time.Time, buf []*session) {
	at := int64(h.clock.At(now))
	for from, to := h.registry.part(n, sweepParts); from < to; {
		sessions := buf[:h.registry.copy(from, buf[:min(len(buf), to-from)])]
		if len(sessions) == 0 {
			return // others have ended meanwhile
		}
		for _, s := range sessions {
			if s.timers.due.Load() <= at {
				s.tick(now)
			}
		}
		from += len(sessions)
		clear(sessions)
	}
}
