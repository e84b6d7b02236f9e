package amqp_test

import (
	"testing"
	"time"

	"ranger/internal/event"
)

// However much comes through an exchange between two looks, what its witness heard
// at the one before is known to have come.
func TestNoGapInHaste(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, sharedURL(t))
	cfg.LookEvery = time.Second
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	p := newBulk(t, cfg)
	for i := range 120_000 {
		if err := p.Publish(t.Context(), trade(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := n.metrics.gaps.count(func(event.GapReason) bool { return true }); got != 0 {
		t.Errorf("%d gaps were told where nothing was lost", got)
	}
}
