package bench

import (
	"context"
	"math"
	"slices"
	"time"
)

// The time for which a server's memory must be stable: a collector may return memory
// some time after a storm of connects.
const (
	stableIdle = 15 * time.Second
	stableSlow = 5 * time.Second
)

// maxSettle limits the wait for stable memory to a multiple of cfg.Stable.
const maxSettle = 4

// stableWithin is the relative change at which memory counts as stable.
const stableWithin = 0.01

// runIdle measures the cost of sockets that stay idle for cfg.Duration.
func runIdle(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("idle", cfg, Config{Users: 10_000, Duration: 10 * time.Second, Stable: stableIdle})
	if err != nil {
		return Report{}, err
	}
	f := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	defer f.stop()
	if err := f.sign(ctx); err != nil {
		return Report{}, err
	}
	before := r.meter.resident()
	stop := func() {}
	if r.meter.known() {
		stop = r.series(Series{Name: "rss", Title: "server memory", Unit: "B"}, time.Second/2, func(time.Duration) float64 { return float64(r.meter.resident()) })
	}
	after, cpu, err := r.connectAndIdle(ctx, f)
	stop()
	if err != nil {
		return Report{}, err
	}
	f.checkMissing()
	n := int64(len(f.clients))
	r.serverFigure("bytes_per_socket", "server memory per socket", float64(after-before)/float64(n), "B")
	r.serverFigure("rss_before", "server memory before", float64(before), "B")
	r.serverFigure("rss_after", "server memory with all sockets", float64(after), "B")
	r.serverFigure("idle_cpu", "server CPU per idle socket and second", micros(cpu, n)/r.cfg.Duration.Seconds(), "µs")
	return r.finish()
}

// connectAndIdle connects, and returns the server's memory once it is stable and the server's
// CPU time in the following cfg.Duration.
func (r *run) connectAndIdle(ctx context.Context, f *fleet) (rss int64, cpu time.Duration, err error) {
	if err := f.connect(ctx, r.connectPace()); err != nil {
		return 0, 0, err
	}
	if rss, err = r.settle(ctx); err != nil {
		return 0, 0, err
	}
	defer r.waitProgress("idle", r.cfg.Duration)()
	before := r.meter.cpu()
	err = r.sleep(ctx, r.cfg.Duration)
	return rss, r.meter.cpu() - before, err
}

// settle waits until the server's memory has been stable for cfg.Stable, and returns
// it.
func (r *run) settle(ctx context.Context) (int64, error) {
	longest := maxSettle * r.cfg.Stable
	same := int(r.cfg.Stable / time.Second)
	defer r.waitProgress("settling", longest)()
	var seen []int64 // one per second
	for start := r.now(); ; {
		seen = append(seen, r.meter.resident())
		if latest := seen[max(0, len(seen)-1-same):]; len(latest) > same {
			low, high := slices.Min(latest), slices.Max(latest)
			if float64(high-low) <= stableWithin*math.Abs(float64(high)) {
				return seen[len(seen)-1], nil
			}
		}
		if r.now()-start >= longest {
			return seen[len(seen)-1], nil
		}
		if err := r.sleep(ctx, time.Second); err != nil {
			return 0, err
		}
	}
}
