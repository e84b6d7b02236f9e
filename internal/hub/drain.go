package hub

import (
	"context"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
)

// drainInterval is how often Drain closes some of the sockets.
const drainInterval = 50 * time.Millisecond

// Drain accepts no more sockets, closes the open ones evenly over period while events
// still flow, and returns when all have ended. Clients that opted in are notified at once
// when they will be closed, and closed with 1012; others are closed with 1001. If ctx is
// done before, it cuts those that are left.
func (h *Hub) Drain(ctx context.Context, period time.Duration) {
	sessions := h.registry.close()
	h.stopWaiting()
	total := len(sessions)
	start := time.Now()
	// closeAfter returns when the n-th session is closed, from start on.
	closeAfter := func(n int) time.Duration {
		return time.Duration(int64(n) * int64(period) / int64(max(1, total-1)))
	}
	for n, s := range sessions {
		s.announceDrain(h.clock.At(start), h.clock.At(start).Add(closeAfter(n)))
	}
	tick := time.NewTicker(drainInterval)
	defer tick.Stop()
	stop := context.AfterFunc(ctx, func() {
		for _, s := range sessions {
			s.drop()
		}
	})
	defer stop()
	for closed := 0; closed < total && ctx.Err() == nil; {
		if open, _ := h.registry.count(); open == 0 {
			break // the others have left by themselves
		}
		for ; closed < total && closeAfter(closed) <= time.Since(start); closed++ {
			sessions[closed].closeForDrain()
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	h.running.Wait()
}

// announceDrain sets when a drain closes the session, unless that is earlier already, and
// notifies a client that opted in. It does not block.
func (s *session) announceDrain(now, at clock.Monotonic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.drainAt == 0 || at < s.closing.drainAt {
		s.closing.drainAt = at
		s.notifyDrainLocked(now)
	}
}

// notifyDrainLocked notifies a client that opted in when a drain closes its socket, if one
// does.
func (s *session) notifyDrainLocked(now clock.Monotonic) {
	if s.sub.optedIn() && s.closing.drainAt != 0 {
		s.queueLocked(websocket.TextMessage, protocol.ReconnectAfter(now.Until(s.closing.drainAt)))
	}
}

// closeForDrain closes the session. Pending events are written first, for as long as one
// write may take.
func (s *session) closeForDrain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	reason := protocol.GoingAway
	if s.sub.optedIn() {
		reason = protocol.Restart
	}
	s.closing.drainDeadline = s.hub.clock.Now().Add(s.hub.cfg.WriteTimeout)
	s.out.woken = true // events may also wait for the throttle, or for the end of the journal's batch
	s.closeLocked(reason)
}
