package topology

import (
	"context"
	"fmt"
	"time"

	"ranger/internal/event"
)

// Check checks that the broker was not restarted and that both exchanges feed the stream,
// repairs what does not, and records the gap that it has left.
func (g *Guard) Check(ctx context.Context, r Reader) error {
	since, first := g.lastChecked(), g.fromFirst && g.checked.Load() == 0
	if err := g.checkRuns(ctx, r, since, first); err != nil {
		return err
	}
	for _, x := range g.topology.cfg.Exchanges.All() {
		reason, err := g.checkExchange(ctx, r, x)
		switch {
		case err != nil || reason == "":
		case first:
			err = g.adopt(ctx, r, x)
		default:
			err = g.repair(ctx, r, x, reason, g.gapStart(x, reason, since))
		}
		if err != nil {
			return fmt.Errorf("check exchange %s: %w", x.Name, err)
		}
	}
	g.checks++
	return nil
}

// checkExchange returns why an exchange did not feed the stream, or the empty
// string.
func (g *Guard) checkExchange(ctx context.Context, r Reader, x Exchange) (event.GapReason, error) {
	t, s := g.topology, g.of(x)
	created, err := t.ensureExchange(x)
	s.missing = s.missing || created
	if err != nil || created || s.missing && s.blind {
		return event.GapExchange, err
	}
	if s.blind {
		return "", t.bind(x)
	}
	exists, err := t.canary(x).exists()
	if err != nil || !exists {
		return event.GapExchange, err
	}
	s.missing = false // the node that placed the canary has done what is needed
	var reason event.GapReason
	err = g.readProbe(ctx, x, g.isBusy(x), func(newest []byte) error {
		arrived, err := g.arrived(ctx, r, x, event.Check(newest))
		if err != nil || arrived {
			return err
		}
		reason = event.GapBinding
		// If this process ends before the gap is recorded, the next node to check finds
		// no canary.
		return t.canary(x).remove()
	})
	return reason, err
}

// arrived reports whether a message with this check, which the exchange routed
// before the call, has arrived in the stream.
func (g *Guard) arrived(ctx context.Context, r Reader, x Exchange, check uint32) (bool, error) {
	if err := r.CatchUp(ctx); err != nil || g.Recent.Has(x.Kind, check) {
		return true, err
	}
	// In a cluster it may take another way than the marker.
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-time.After(g.grace):
	}
	err := r.CatchUp(ctx)
	return g.Recent.Has(x.Kind, check), err
}

// isBusy reports whether the exchange had many messages since the last check, or
// before that: then its probe was bound only for a moment, and is again.
func (g *Guard) isBusy(x Exchange) bool {
	s, count := g.of(x), g.Recent.Count(x.Kind)
	busy := g.checks > 0 && float64(count-s.count) > busyRate*g.interval.Seconds()
	was := s.busy
	s.count, s.busy = count, busy
	return busy || was
}

// gapStart returns when a gap began at the latest, Unix ms: when a node last found
// everything in order. But only a message received through a binding proves that it
// existed.
func (g *Guard) gapStart(x Exchange, reason event.GapReason, checked int64) int64 {
	if reason != event.GapBinding {
		return checked
	}
	last := g.Recent.Last(x.Kind)
	if last == 0 {
		last = g.topology.cfg.WindowStart()
	}
	return min(checked, last)
}

// repair binds the exchange again and records the gap. The canary comes last: its
// existence means that everything before it was done.
func (g *Guard) repair(ctx context.Context, r Reader, x Exchange, reason event.GapReason, since int64) error {
	if err := g.topology.bind(x); err != nil {
		return err
	}
	gap := event.Gap{From: since, To: max(since, time.Now().UnixMilli()), Reason: reason}
	if err := r.RecordGap(ctx, gap); err != nil {
		return err
	}
	g.of(x).missing = false
	g.log.WarnContext(ctx, "exchange did not feed the stream; gap announced",
		"exchange", x.Name, "reason", string(reason), "since", time.UnixMilli(since).UTC())
	return g.rearm(ctx, x)
}

// adopt is repair if no node has checked before: then no client misses anything.
// If another node has checked meanwhile, the next Check finds what is wrong.
func (g *Guard) adopt(ctx context.Context, r Reader, x Exchange) error {
	g.of(x).missing = false
	if err := g.topology.bind(x); err != nil {
		return err
	}
	if err := r.CatchUp(ctx); err != nil || g.checked.Load() > 0 {
		return err
	}
	return g.rearm(ctx, x)
}

// rearm drains the probe and places the canary.
func (g *Guard) rearm(ctx context.Context, x Exchange) error {
	if g.of(x).blind {
		return nil
	}
	if err := g.drainProbe(ctx, x); err != nil { // it may have what came before the binding
		return err
	}
	return g.topology.canary(x).place()
}
