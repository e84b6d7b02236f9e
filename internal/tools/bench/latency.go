package bench

import (
	"context"
	"time"
)

// runLatency measures deliveries at a fixed rate, each from its due time.
func runLatency(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("latency", cfg, Config{Users: 10_000, Rate: 500, Duration: 20 * time.Second})
	if err != nil {
		return Report{}, err
	}
	f, pub, err := r.connectAll(ctx)
	if err != nil {
		return Report{}, err
	}
	defer pub.Close()
	defer f.stop()
	m := r.newMarket(f, pub, noCounterparty)
	count := int(r.cfg.Duration.Seconds() * float64(r.cfg.Rate))
	want := int64(count) * m.sides() * int64(f.sockets)
	stopSeries := r.rateSeries("deliveries", "deliveries", time.Second, f.counts.received.Load)
	stopWatch := r.progress("delivering", want, f.counts.received.Load)
	before := r.meter.cpu()
	err = m.publishAtRate(ctx, r.cfg.Rate, func(n int) class {
		if n == count {
			return 0
		}
		return classMain
	})
	if err == nil {
		err = pub.Flush(ctx)
	}
	if err == nil {
		err = f.counts.await(ctx, want)
	}
	cpu := r.meter.cpu() - before
	stopWatch()
	stopSeries()
	if err != nil {
		return Report{}, err
	}
	f.checkMissing()
	h := r.latency("delivery", "from the due time of publishing to the socket", classMain)
	r.figure("p50", "latency, median", float64(h.ValueAtQuantile(50)), "µs")
	r.figure("p99", "latency, 99th percentile", float64(h.ValueAtQuantile(99)), "µs")
	r.serverFigure("cpu_per_delivery", "server CPU per delivery", micros(cpu, f.counts.received.Load()), "µs")
	return r.finish()
}
