package bench

import (
	"context"
	"time"
)

// runConnect measures connects, at cfg.Rate per second if that is set.
func runConnect(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("connect", cfg, Config{Users: 2000})
	if err != nil {
		return Report{}, err
	}
	f := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	defer f.stop()
	if err := f.sign(ctx); err != nil {
		return Report{}, err
	}
	p := r.connectPace()
	if r.cfg.Rate > 0 {
		p.interval = time.Second / time.Duration(r.cfg.Rate)
	}
	start, before := r.now(), r.meter.cpu()
	if err := f.connect(ctx, p); err != nil {
		return Report{}, err
	}
	took, cpu := r.now()-start, r.meter.cpu()-before
	f.checkMissing()
	n := int64(len(f.clients))
	r.figure("connect_rate", "connects with authentication", perSecond(n, took), "1/s")
	r.serverFigure("cpu_per_connect", "server CPU per connect", micros(cpu, n), "µs")
	r.latency("connect", "from the dial, or its due time, to the success line", classConnect)
	return r.finish()
}
