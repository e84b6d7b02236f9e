package bench

import (
	"context"
	"math"
	"slices"
	"time"
)

// How long a server's memory must have stayed the same: a collector may give memory
// back some time after a storm of connects.
const (
	settleIdle = 15 * time.Second
	settleSlow = 5 * time.Second
)

// maxSettle is for how many times as long that is waited for.
const maxSettle = 4

// settled is by how much of itself it may change meanwhile.
const settled = 0.01

// runIdle measures what sockets cost that only stay, for cfg.Duration.
func runIdle(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("idle", cfg, Config{Users: 10_000, Duration: 10 * time.Second, Stable: settleIdle})
	if err != nil {
		return Report{}, err
	}
	f := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	defer f.stop()
	if err := f.sign(ctx); err != nil {
		return Report{}, err
	}
	before := r.resident()
	stop := func() {}
	if r.server != 0 {
		stop = r.series(Series{Name: "rss", Title: "server memory", Unit: "B"}, time.Second/2, func(time.Duration) float64 { return float64(r.resident()) })
	}
	after, cpu, err := r.stay(ctx, f)
	stop()
	if err != nil {
		return Report{}, err
	}
	f.judge()
	n := int64(len(f.clients))
	r.serverFigure("bytes_per_socket", "server memory per socket", float64(after-before)/float64(n), "B")
	r.serverFigure("rss_before", "server memory before", float64(before), "B")
	r.serverFigure("rss_after", "server memory with all sockets", float64(after), "B")
	r.serverFigure("idle_cpu", "server CPU per idle socket and second", micros(cpu, n)/r.cfg.Duration.Seconds(), "µs")
	return r.finish()
}

// stay connects, and returns the server's memory when that has settled, and its
// CPU time in the cfg.Duration after.
func (r *run) stay(ctx context.Context, f *fleet) (rss int64, cpu time.Duration, err error) {
	if err := f.connect(ctx, r.gentle()); err != nil {
		return 0, 0, err
	}
	if rss, err = r.settle(ctx); err != nil {
		return 0, 0, err
	}
	defer r.waiting("idle", r.cfg.Duration)()
	before := r.cpu()
	err = r.rest(ctx, r.cfg.Duration)
	return rss, r.cpu() - before, err
}

// settle waits until the server's memory has been the same for cfg.Stable, and returns
// it.
func (r *run) settle(ctx context.Context) (int64, error) {
	longest := maxSettle * r.cfg.Stable
	same := int(r.cfg.Stable / time.Second)
	defer r.waiting("settling", longest)()
	var seen []int64 // one a second
	for begun := r.now(); ; {
		seen = append(seen, r.resident())
		if latest := seen[max(0, len(seen)-1-same):]; len(latest) > same {
			low, high := slices.Min(latest), slices.Max(latest)
			if float64(high-low) <= settled*math.Abs(float64(high)) {
				return seen[len(seen)-1], nil
			}
		}
		if r.now()-begun >= longest {
			return seen[len(seen)-1], nil
		}
		if err := r.rest(ctx, time.Second); err != nil {
			return 0, err
		}
	}
}
