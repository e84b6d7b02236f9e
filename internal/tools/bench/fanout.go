package bench

import (
	"context"
	"time"
)

// calm is how long a server is let alone when all have connected.
const calm = time.Second

// runFanout measures deliveries at full speed.
func runFanout(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("fanout", cfg, Config{Users: 10_000, Events: 20_000})
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
	want := int64(r.cfg.Events) * m.views() * int64(f.sockets)
	stopSeries := r.rateSeries("deliveries", "deliveries", time.Second/10, f.tally.got.Load)
	stopWatch := r.watch("delivering", want, f.tally.got.Load)
	start, before := r.now(), r.cpu()
	err = m.flood(ctx, r.cfg.Events, laneMain)
	if err == nil {
		err = pub.Flush(ctx)
	}
	published := r.now()
	if err == nil {
		err = f.tally.await(ctx, want)
	}
	cpu, last := r.cpu()-before, f.tally.latest()
	stopWatch()
	stopSeries()
	if err != nil {
		return Report{}, err
	}
	f.judge()
	got := f.tally.got.Load()
	r.serverFigure("cpu_per_delivery", "server CPU per delivery", micros(cpu, got), "µs")
	r.figure("deliveries_rate", "deliveries", perSecond(got, last-start), "1/s")
	r.figure("published_rate", "trades that the broker took", perSecond(int64(r.cfg.Events), published-start), "1/s")
	r.figure("fed_rate", "deliveries of the trades that the broker took", perSecond(want, published-start), "1/s")
	r.figure("messages", "deliveries in all", float64(got), "")
	r.latency("delivery", "from publish to socket, at full speed", laneMain)
	return r.finish()
}

// open connects the sockets of all users, and to the broker. Close and stop what
// it returns.
func (r *run) open(ctx context.Context) (*fleet, Publisher, error) {
	f := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	if err := f.sign(ctx); err != nil {
		return nil, nil, err
	}
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err = f.connect(ctx, r.gentle()); err == nil {
		err = r.rest(ctx, calm)
	}
	if err != nil {
		f.stop()
		pub.Close()
		return nil, nil, err
	}
	return f, pub, nil
}
