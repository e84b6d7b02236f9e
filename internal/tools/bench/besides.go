package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// besides measures what a fleet that trades on at a rate sees of something else:
// it trades for quiet, then while do runs, and then it is waited for.
func (r *run) besides(ctx context.Context, f *fleet, rate int, quiet time.Duration, do func(context.Context) error) error {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	m := r.newMarket(f, pub, noHouse)
	m.turns = true // so that two of a socket's events seldom share a read, and its stamp
	had := f.tally.got.Load()
	var now atomic.Uint32 // the lane
	now.Store(uint32(laneMain))
	g, both := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := m.steady(both, rate, func(int) lane { return lane(now.Load()) }); err != nil { //nolint:gosec // lanes
			return fmt.Errorf("trade on: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		defer now.Store(0)
		stop := r.waiting("trading quietly", quiet)
		err := r.rest(both, quiet)
		stop()
		if err != nil {
			return err
		}
		now.Store(uint32(laneDuring))
		return do(both)
	})
	if err := g.Wait(); err != nil {
		return err
	}
	if err := pub.Flush(ctx); err != nil {
		return err
	}
	return f.tally.await(ctx, had+m.published*m.views()*int64(f.sockets))
}

// tellBesides reports what besides measured.
func (r *run) tellBesides(during string) {
	for _, x := range []struct {
		lane        lane
		name, title string
	}{{laneMain, "quiet", "while it is quiet"}, {laneDuring, "during", during}} {
		h := r.latency(x.name, "others' latency "+x.title, x.lane)
		r.figure(x.name+"_p50", "others' median latency "+x.title, float64(h.ValueAtQuantile(50)), "µs")
		r.figure(x.name+"_p99", "others' 99th percentile "+x.title, float64(h.ValueAtQuantile(99)), "µs")
	}
	end := "socket"
	if r.unstamped.Load() {
		end = "our reading"
	}
	for _, x := range []struct {
		lane        lane
		name, title string
	}{{laneMain, "quiet_receipt", "while it is quiet"}, {laneDuring, "during_receipt", during}} {
		// The receipt is told in whole milliseconds, rounded down.
		h := r.latency(x.name, "others, from receipt to "+end+", 0 to 1 ms too long, "+x.title, x.lane+toReceipt)
		if h.TotalCount() > 0 { // else the server does not tell its receipt
			r.figure(x.name+"_p50", "their median, receipt to "+end+" "+x.title, float64(h.ValueAtQuantile(50)), "µs")
			r.figure(x.name+"_p99", "their 99th percentile, receipt to "+end+" "+x.title, float64(h.ValueAtQuantile(99)), "µs")
		}
	}
}
