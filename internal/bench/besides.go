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
	for _, x := range []struct {
		lane        lane
		name, title string
	}{{laneMain, "quiet_receipt", "while it is quiet"}, {laneDuring, "during_receipt", during}} {
		h := r.latency(x.name, "others, from the server's receipt, counted in ms, "+x.title, x.lane+toReceipt)
		if h.TotalCount() > 0 { // else the server does not tell its receipt
			r.figure(x.name+"_p99", "the same from the server's receipt, "+x.title, float64(h.ValueAtQuantile(99)), "µs")
		}
	}
}
