package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureBystanders measures the latency of a fleet that trades at a rate: first for
// quiet, then while do runs. It waits for the fleet's deliveries.
func (r *run) measureBystanders(ctx context.Context, f *fleet, rate int, quiet time.Duration, do func(context.Context) error) error {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	m := r.newMarket(f, pub, noCounterparty)
	m.inTurn = true // so that two events of a socket seldom share a read and its timestamp
	had := f.counts.received.Load()
	var now atomic.Uint32 // the current class
	now.Store(uint32(classMain))
	g, both := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := m.publishAtRate(both, rate, func(int) class { return class(now.Load()) }); err != nil { //nolint:gosec // a class
			return fmt.Errorf("publish trades of bystanders: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		defer now.Store(0)
		stop := r.waitProgress("trading quietly", quiet)
		err := r.sleep(both, quiet)
		stop()
		if err != nil {
			return err
		}
		now.Store(uint32(classDuring))
		return do(both)
	})
	if err := g.Wait(); err != nil {
		return err
	}
	if err := pub.Flush(ctx); err != nil {
		return err
	}
	return f.counts.await(ctx, had+m.published*m.sides()*int64(f.sockets))
}

// reportBystanders reports the latencies that measureBystanders measured.
func (r *run) reportBystanders(during string) {
	for _, x := range []struct {
		class       class
		name, title string
	}{{classMain, "quiet", "while it is quiet"}, {classDuring, "during", during}} {
		h := r.latency(x.name, "others' latency "+x.title, x.class)
		r.figure(x.name+"_p50", "others' median latency "+x.title, float64(h.ValueAtQuantile(50)), "µs")
		r.figure(x.name+"_p99", "others' 99th percentile "+x.title, float64(h.ValueAtQuantile(99)), "µs")
	}
	end := "socket"
	if r.unstamped.Load() {
		end = "reading"
	}
	for _, x := range []struct {
		class       class
		name, title string
	}{{classMain, "quiet_receipt", "while it is quiet"}, {classDuring, "during_receipt", during}} {
		// The server gives the time of receipt in whole milliseconds, rounded down.
		h := r.latency(x.name, "others, from receipt to "+end+", up to 1 ms too long, "+x.title, x.class+sinceReceipt)
		if h.TotalCount() > 0 { // else the server does not report its time of receipt
			r.figure(x.name+"_p50", "their median, receipt to "+end+" "+x.title, float64(h.ValueAtQuantile(50)), "µs")
			r.figure(x.name+"_p99", "their 99th percentile, receipt to "+end+" "+x.title, float64(h.ValueAtQuantile(99)), "µs")
		}
	}
}
