package amqp_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// What the witness of a busy exchange heard while it was being unbound, and says at
// the next look, is known to have come, though many messages came since. There are
// fewer in all than are remembered: how many that has to be says TestPassed.
func TestNoGapInHaste(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	cfg := steady(newConfig(t, testenv.RabbitMQ(t)))
	cfg.LookEvery = 100 * time.Millisecond
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	markers := newPeer(t, cfg.URL).follow(cfg.Stream)
	p := newBulk(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	publishing.Go(func() {
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			if err := p.Publish(t.Context(), trade(i)); err != nil {
				t.Error(err)
				return
			}
			if i%20 == 0 { // 1,000 a second at most, where 100 are busy
				<-pace.C
			}
		}
	})
	defer publishing.Wait()
	defer cancel()
	for range 8 {
		awaitLooks(t, markers, time.Now().UnixMilli(), cfg.Node)
	}
	if got := n.metrics.gaps.count(func(event.GapReason) bool { return true }); got != 0 {
		t.Errorf("%d gaps were told where nothing was lost", got)
	}
}
