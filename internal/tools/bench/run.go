package bench

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// run is the state of a scenario.
type run struct {
	// Fixed at construction.
	cfg      Config
	workload workload
	start    time.Time
	target   *target
	meter    meter
	schedule schedule
	shards   [shards]shard
	faults   faults
	// unstamped is set when a latency since the server's receipt had to end at the time
	// of reading, because the system gave no time of arrival.
	unstamped atomic.Bool
	// sent is the number of published events by user. A user's count is owned by the
	// market of its fleet, and final when that has ended.
	sent []uint32

	// Owned by the scenario's goroutine.
	sockets int // created so far
	report  Report
}

// newRun starts a run with the defaults of a scenario.
func newRun(name string, cfg, defaults Config) (*run, error) {
	cfg.Users = cmp.Or(cfg.Users, defaults.Users)
	cfg.Sockets = cmp.Or(cfg.Sockets, defaults.Sockets, 1)
	cfg.Events = cmp.Or(cfg.Events, defaults.Events)
	cfg.Rate = cmp.Or(cfg.Rate, defaults.Rate)
	cfg.Duration = cmp.Or(cfg.Duration, defaults.Duration)
	cfg.Stable = cmp.Or(cfg.Stable, defaults.Stable)
	cfg.Connecting = cmp.Or(cfg.Connecting, 64)
	cfg.Patience = cmp.Or(cfg.Patience, 30*time.Second)
	cfg.Server = cmp.Or(cfg.Server, cfg.URL)
	if cfg.Users < 2 || cfg.Users >= maxUsers-1000 {
		return nil, fmt.Errorf("users: must be 2 to %d, got %d", maxUsers-1000, cfg.Users)
	}
	t, err := newTarget(cfg, cfg.Users*cfg.Sockets)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	r := &run{
		cfg: cfg, workload: newWorkload(now), start: now, target: t, meter: meter{process: Process(cfg.PID)},
		sent:   make([]uint32, cfg.Users+1000), // scenarios add some users
		report: Report{Scenario: name, Server: cfg.Server, Begun: now, Users: cfg.Users, Sockets: cfg.Sockets},
	}
	r.meter.cpu()
	r.meter.resident()
	return r, r.meter.err()
}

// now returns the time since the start of the run.
func (r *run) now() time.Duration { return time.Since(r.start) }

// sleepUntil waits sleepUntil a time since the start of the run.
func (r *run) sleepUntil(ctx context.Context, due time.Duration) error {
	return r.sleep(ctx, due-r.now())
}

// sleep waits.
func (r *run) sleep(ctx context.Context, d time.Duration) error {
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

// figure adds a figure to the report.
func (r *run) figure(name, title string, value float64, unit string) {
	r.report.Figures = append(r.report.Figures, Figure{name, title, value, unit})
}

// serverFigure adds a figure of the server's process, if that is known.
func (r *run) serverFigure(name, title string, value float64, unit string) {
	if r.meter.known() {
		r.figure(name, title, value, unit)
	}
}

// finish returns the report.
func (r *run) finish() (Report, error) {
	r.report.Took = r.now()
	r.report.Faults = r.faults.all()
	return r.report, r.meter.err()
}

// micros returns d divided by n, in µs.
func micros(d time.Duration, n int64) float64 {
	return float64(d) / float64(time.Microsecond) / float64(max(n, 1))
}

// perSecond returns the rate of n events in d, per second.
func perSecond(n int64, d time.Duration) float64 { return float64(n) / max(d.Seconds(), 1e-9) }
