package hub

import (
	"context"
	"time"
)

// drainEvery is how often a slice of the sockets is closed.
const drainEvery = 50 * time.Millisecond

// Drain takes no more sockets, closes those that there are with 1001 in equal
// slices over period while events still flow, and returns when all have ended.
// When ctx is done first, it cuts those that are left.
func (h *Hub) Drain(ctx context.Context, period time.Duration) {
	sessions := h.registry.close()
	total := len(sessions)
	start := time.Now()
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
		until := total
		if elapsed := time.Since(start); elapsed < period {
			until = 1 + int(int64(total-1)*int64(elapsed)/int64(period))
		}
		for ; closed < until; closed++ {
			sessions[closed].end(GoingAway)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	h.running.Wait()
}
