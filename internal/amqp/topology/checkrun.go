package topology

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ranger/internal/event"
)

// runs are the hosts of the broker whose restarts a Guard notices: those to which it was
// connected.
type runs struct {
	addresses []string
	away      map[string]int64 // those that are down: when they were last seen, Unix ms
	warned    bool             // that restarts are not noticed
}

// checkRuns records a gap if a host of the broker has been restarted, or is down: what it
// had not confirmed to its publishers is lost, and they may not know. since is when a node
// last found everything in order, Unix ms. If that is the beginning of the stream, there
// is no gap.
func (g *Guard) checkRuns(ctx context.Context, r Reader, since int64, first bool) error {
	if here := g.topology.conn.Address(); !slices.Contains(g.runs.addresses, here) {
		g.runs.addresses = append(g.runs.addresses, here)
	}
	for _, address := range g.runs.addresses {
		if err := g.checkRun(ctx, r, g.topology.run(address), since, first); err != nil {
			return fmt.Errorf("check for a restart of the broker's host %s: %w", address, err)
		}
	}
	return nil
}

func (g *Guard) checkRun(ctx context.Context, r Reader, run run, since int64, first bool) error {
	state, err := run.state()
	if err != nil {
		return g.runDenied(ctx, run, err)
	}
	lastSeen, wasAway := g.runs.away[run.address]
	if !wasAway {
		lastSeen = since
	}
	switch {
	case state == runAway && !wasAway:
		if err := recordRun(ctx, r, since); err != nil {
			return err
		}
		g.runs.away[run.address] = since
		g.log.WarnContext(ctx, "a host of the broker is down; gap announced", "host", run.address, "since", time.UnixMilli(since).UTC())
	case state == runEnded && !first, wasAway && state != runAway:
		if err := recordRun(ctx, r, lastSeen); err != nil {
			return err
		}
		g.log.WarnContext(ctx, "a host of the broker was restarted; gap announced", "host", run.address, "since", time.UnixMilli(lastSeen).UTC())
	}
	if state != runAway {
		delete(g.runs.away, run.address)
	}
	if state == runEnded || state == runNew {
		return r.PlaceMark(ctx, run.name()) // last: it means that the gap was recorded
	}
	return nil
}

// recordRun records a gap that began when a host was last seen.
func recordRun(ctx context.Context, r Reader, since int64) error {
	return r.RecordGap(ctx, event.Gap{From: since, To: max(since, time.Now().UnixMilli()), Reason: event.GapBroker})
}

// runDenied returns err unless the broker refuses the queue of a run for good. Then it is
// logged once.
func (g *Guard) runDenied(ctx context.Context, run run, err error) error {
	if !g.topology.isDenied(err) {
		return err
	}
	if !g.runs.warned {
		g.runs.warned = true
		g.log.WarnContext(ctx, "restarts of the broker are not detected: the broker refused the queue that shows them", "queue", run.name(), "error", err,
			"advice", fmt.Sprintf("let the broker's user configure and write to %s; if a queue of that name exists with other properties, delete it", run.name()))
	}
	return nil
}
