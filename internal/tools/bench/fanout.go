package bench

import (
	"context"
	"time"
)

// quietTime is the pause after all sockets have connected.
const quietTime = time.Second

// runFanout measures deliveries at full speed.
func runFanout(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("fanout", cfg, Config{Users: 10_000, Events: 20_000})
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
	want := int64(r.cfg.Events) * m.sides() * int64(f.sockets)
	stopSeries := r.rateSeries("deliveries", "deliveries", time.Second/10, f.counts.received.Load)
	stopWatch := r.progress("delivering", want, f.counts.received.Load)
	start, before := r.now(), r.meter.cpu()
	err = m.publishAll(ctx, r.cfg.Events, classMain)
	if err == nil {
		err = pub.Flush(ctx)
	}
	published := r.now()
	if err == nil {
		err = f.counts.await(ctx, want)
	}
	cpu, last := r.meter.cpu()-before, f.counts.latest()
	stopWatch()
	stopSeries()
	if err != nil {
		return Report{}, err
	}
	f.checkMissing()
	got := f.counts.received.Load()
	r.serverFigure("cpu_per_delivery", "server CPU per delivery", micros(cpu, got), "µs")
	r.figure("deliveries_rate", "deliveries", perSecond(got, last-start), "1/s")
	r.figure("published_rate", "trades confirmed by the broker", perSecond(int64(r.cfg.Events), published-start), "1/s")
	r.figure("fed_rate", "deliveries that the broker's rate allows", perSecond(want, published-start), "1/s")
	r.figure("messages", "deliveries, total", float64(got), "")
	r.latency("delivery", "from publish to socket, at full speed", classMain)
	return r.finish()
}

// connectAll connects the sockets of all users, and to the broker. The caller closes and
// stops what it returns.
func (r *run) connectAll(ctx context.Context) (*fleet, Publisher, error) {
	f := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	if err := f.sign(ctx); err != nil {
		return nil, nil, err
	}
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err = f.connect(ctx, r.connectPace()); err == nil {
		err = r.sleep(ctx, quietTime)
	}
	if err != nil {
		f.stop()
		pub.Close()
		return nil, nil, err
	}
	return f, pub, nil
}
