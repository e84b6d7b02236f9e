package bench

import (
	"context"
	"time"
)

// runLatency measures deliveries at a fixed rate, each from when it was due.
func runLatency(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("latency", cfg, Config{Users: 10_000, Rate: 500, Duration: 20 * time.Second})
	if err != nil {
		return Report{}, err
	}
	f, pub, err := r.open(ctx)
	if err != nil {
		return Report{}, err
	}
	defer pub.Close()
	defer f.stop()
	m := r.newMarket(f, pub, noHouse)
	count := int(r.cfg.Duration.Seconds() * float64(r.cfg.Rate))
	want := int64(count) * m.views() * int64(f.sockets)
	stopSeries := r.rateSeries("deliveries", "deliveries", time.Second, f.tally.got.Load)
	stopWatch := r.watch("delivering", want, f.tally.got.Load)
	before := r.cpu()
	err = m.steady(ctx, r.cfg.Rate, func(n int) lane {
		if n == count {
			return 0
		}
		return laneMain
	})
	if err == nil {
		err = pub.Flush(ctx)
	}
	if err == nil {
		err = f.tally.await(ctx, want)
	}
	cpu := r.cpu() - before
	stopWatch()
	stopSeries()
	if err != nil {
		return Report{}, err
	}
	f.judge()
	h := r.latency("delivery", "from when it was due for publishing to the socket", laneMain)
	r.figure("p50", "latency, median", float64(h.ValueAtQuantile(50)), "µs")
	r.figure("p99", "latency, 99th percentile", float64(h.ValueAtQuantile(99)), "µs")
	r.serverFigure("cpu_per_delivery", "server CPU per delivery", micros(cpu, f.tally.got.Load()), "µs")
	return r.finish()
}
