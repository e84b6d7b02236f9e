package bench

import (
	"context"
	"time"
)

// burstUsers is the number of users of a burst.
const burstUsers = 5

// runBurst publishes cfg.Events trades of five users as fast as the broker takes
// them, as a liquidation does, while all other users trade at a rate.
func runBurst(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("burst", cfg, Config{Users: 10_000, Events: 50_000, Rate: bystanderRate, Duration: 5 * time.Second})
	if err != nil {
		return Report{}, err
	}
	five := r.newFleet(0, min(burstUsers, r.cfg.Users-2), r.cfg.Sockets)
	defer five.stop()
	others := r.newFleet(five.size, r.cfg.Users-five.size, r.cfg.Sockets)
	defer others.stop()
	for _, f := range []*fleet{five, others} {
		if err := r.connectResuming(ctx, f); err != nil { // resuming sockets receive the server's time of receipt
			return Report{}, err
		}
	}
	if err := r.sleep(ctx, quietTime); err != nil {
		return Report{}, err
	}
	want := int64(r.cfg.Events) * int64(five.sockets)
	var took, cpu time.Duration
	err = r.measureBystanders(ctx, others, r.cfg.Rate, r.cfg.Duration, func(ctx context.Context) error {
		stop := r.rateSeries("burst", "deliveries of the burst", time.Second/10, five.counts.received.Load)
		defer stop()
		start, before := r.now(), r.meter.cpu()
		err := r.publishBurst(ctx, five, want)
		took, cpu = five.counts.latest()-start, r.meter.cpu()-before
		return err
	})
	if err != nil {
		return Report{}, err
	}
	five.checkMissing()
	others.checkMissing()
	got := five.counts.received.Load()
	r.figure("burst_rate", "deliveries of the burst", perSecond(got, took), "1/s")
	r.figure("burst_seconds", "until all of the burst is delivered", took.Seconds(), "s")
	r.serverFigure("cpu", "server CPU for the burst", cpu.Seconds(), "s")
	r.reportBystanders("during the burst")
	r.latency("burst", "the burst, from publish to socket", classBurst)
	return r.finish()
}

// publishBurst publishes the burst and waits until it is delivered. A user without
// a socket is the other side of all its trades.
func (r *run) publishBurst(ctx context.Context, five *fleet, want int64) error {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	defer r.progress("delivering the burst", want, five.counts.received.Load)()
	m := r.newMarket(five, pub, r.cfg.Users)
	if err := m.publishAll(ctx, r.cfg.Events, classBurst); err != nil {
		return err
	}
	if err := pub.Flush(ctx); err != nil {
		return err
	}
	return five.counts.await(ctx, want)
}
