package bench

import (
	"context"
	"time"
)

// struck is how many users a burst is to.
const struck = 5

// runBurst publishes cfg.Events trades of five users as fast as the broker takes
// them, as a liquidation does, while all others trade on.
func runBurst(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("burst", cfg, Config{Users: 10_000, Events: 50_000, Rate: besidesRate, Duration: 5 * time.Second})
	if err != nil {
		return Report{}, err
	}
	five := r.newFleet(0, min(struck, r.cfg.Users-2), r.cfg.Sockets)
	defer five.stop()
	others := r.newFleet(five.size, r.cfg.Users-five.size, r.cfg.Sockets)
	defer others.stop()
	for _, f := range []*fleet{five, others} {
		if err := r.join(ctx, f); err != nil { // resuming, for the time of the server's receipt
			return Report{}, err
		}
	}
	if err := r.rest(ctx, calm); err != nil {
		return Report{}, err
	}
	want := int64(r.cfg.Events) * int64(five.sockets)
	var took, cpu time.Duration
	err = r.besides(ctx, others, r.cfg.Rate, r.cfg.Duration, func(ctx context.Context) error {
		stop := r.rateSeries("burst", "deliveries to the five", time.Second/10, five.tally.got.Load)
		defer stop()
		start, before := r.now(), r.cpu()
		err := r.strike(ctx, five, want)
		took, cpu = five.tally.latest()-start, r.cpu()-before
		return err
	})
	if err != nil {
		return Report{}, err
	}
	five.judge()
	others.judge()
	got := five.tally.got.Load()
	r.figure("burst_rate", "deliveries of the burst", perSecond(got, took), "1/s")
	r.figure("burst_seconds", "until the burst is delivered", took.Seconds(), "s")
	r.serverFigure("cpu", "server CPU until then", cpu.Seconds(), "s")
	r.tellBesides("during the burst")
	r.latency("burst", "those of the burst, from publish to socket", laneBurst)
	return r.finish()
}

// strike publishes the burst and waits until it is delivered. One user, who has
// no socket, is the other side of all of it.
func (r *run) strike(ctx context.Context, five *fleet, want int64) error {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	defer r.watch("delivering the burst", want, five.tally.got.Load)()
	m := r.newMarket(five, pub, r.cfg.Users)
	if err := m.flood(ctx, r.cfg.Events, laneBurst); err != nil {
		return err
	}
	if err := pub.Flush(ctx); err != nil {
		return err
	}
	return five.tally.await(ctx, want)
}
