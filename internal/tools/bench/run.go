package bench

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// run is what a scenario works with.
type run struct {
	// Fixed at construction.
	cfg    Config
	plan   plan
	begun  time.Time
	target *target
	server Process // 0: not told

	table  table
	shards [shards]shard
	faults faults
	// unstamped says that a latency from the server's receipt ends when we had
	// read, since the system did not tell when the bytes came.
	unstamped atomic.Bool
	// sent is how many events of each user were published. A user's is owned by
	// the market that the user trades in, and settled when that has ended.
	sent []uint32

	// Owned by the scenario's goroutine.
	sockets int // made so far
	report  Report

	mu  sync.Mutex
	err error // guarded by mu: the first of reading the server's process
}

// newRun begins a run with cfg's defaults as given.
func newRun(name string, cfg, defaults Config) (*run, error) {
	or(&cfg.Users, defaults.Users)
	or(&cfg.Sockets, cmp.Or(defaults.Sockets, 1))
	or(&cfg.Events, defaults.Events)
	or(&cfg.Rate, defaults.Rate)
	or(&cfg.Duration, defaults.Duration)
	or(&cfg.Stable, defaults.Stable)
	or(&cfg.Connecting, 64)
	or(&cfg.Patience, 30*time.Second)
	or(&cfg.Server, cfg.URL)
	if cfg.Users < 2 || cfg.Users >= maxUsers-1000 {
		return nil, fmt.Errorf("a load test needs 2 to %d users, not %d", maxUsers-1000, cfg.Users)
	}
	t, err := newTarget(cfg, cfg.Users*cfg.Sockets)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	r := &run{
		cfg: cfg, plan: newPlan(now), begun: now, target: t, server: Process(cfg.PID),
		sent:   make([]uint32, cfg.Users+1000), // with those that scenarios add
		report: Report{Scenario: name, Server: cfg.Server, Begun: now, Users: cfg.Users, Sockets: cfg.Sockets},
	}
	r.cpu()
	r.resident()
	return r, r.err
}

// now returns the time since the run's begin.
func (r *run) now() time.Duration { return time.Since(r.begun) }

// until waits until so long after the run's begin.
func (r *run) until(ctx context.Context, due time.Duration) error { return r.rest(ctx, due-r.now()) }

// rest waits for so long.
func (r *run) rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// cpu returns the server's CPU time so far; 0 where it is not told.
func (r *run) cpu() time.Duration {
	if r.server == 0 {
		return 0
	}
	d, err := r.server.CPU()
	r.unread(err)
	return d
}

// resident returns the server's memory in bytes; 0 where it is not told.
func (r *run) resident() int64 {
	if r.server == 0 {
		return 0
	}
	n, err := r.server.Resident()
	r.unread(err)
	return n
}

// unread notes an error of reading the server's process.
func (r *run) unread(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// figure adds a figure to the report.
func (r *run) figure(name, title string, value float64, unit string) {
	r.report.Figures = append(r.report.Figures, Figure{name, title, value, unit})
}

// serverFigure adds a figure of the server's process, where that is told.
func (r *run) serverFigure(name, title string, value float64, unit string) {
	if r.server != 0 {
		r.figure(name, title, value, unit)
	}
}

// finish returns the report.
func (r *run) finish() (Report, error) {
	r.report.Took = r.now()
	r.report.Faults = r.faults.all()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report, r.err
}

// micros returns d in µs for each of n.
func micros(d time.Duration, n int64) float64 {
	return float64(d) / float64(time.Microsecond) / float64(max(n, 1))
}

// perSecond returns how many n in d are a second.
func perSecond(n int64, d time.Duration) float64 { return float64(n) / max(d.Seconds(), 1e-9) }

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
