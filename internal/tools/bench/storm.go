package bench

import (
	"cmp"
	"context"
	"time"
)

const (
	// bystanders is the number of users that stay connected in a storm.
	bystanders = 100
	// stormTime is the time within which the others reconnect.
	stormTime = 2 * time.Second
	// bystanderRate is the number of trades per second of bystanders.
	bystanderRate = 200
)

// runStorm drops all sockets and lets them resume from positions before their last
// events, cfg.Events trades in all, while a few other users trade at a rate.
func runStorm(ctx context.Context, cfg Config) (Report, error) {
	const missed = 10 // events per user
	users := cmp.Or(cfg.Users, 10_000)
	r, err := newRun("storm", cfg, Config{Users: users, Events: users * missed / 2, Rate: bystanderRate, Duration: 5 * time.Second})
	if err != nil {
		return Report{}, err
	}
	others := r.newFleet(r.cfg.Users, bystanders, 1)
	defer others.stop()
	f := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	defer f.stop()
	want, err := r.publishMissed(ctx, f, others)
	if err == nil {
		err = r.sleep(ctx, quietTime)
	}
	if err != nil {
		return Report{}, err
	}
	var back, cpu time.Duration
	err = r.measureBystanders(ctx, others, r.cfg.Rate, r.cfg.Duration, func(ctx context.Context) error {
		start, before := r.now(), r.meter.cpu()
		err := f.reconnect(ctx, want)
		back, cpu = r.now()-start, r.meter.cpu()-before
		return err
	})
	if err != nil {
		return Report{}, err
	}
	f.checkMissing()
	others.checkMissing()
	r.figure("seconds_until_back", "until all have reconnected and caught up", back.Seconds(), "s")
	r.serverFigure("cpu", "server CPU for the storm", cpu.Seconds(), "s")
	r.reportBystanders("during the storm")
	return r.finish()
}

// publishMissed connects both fleets and publishes the events that f will publishMissed. It
// returns the number of their deliveries.
func (r *run) publishMissed(ctx context.Context, f, others *fleet) (want int64, err error) {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer pub.Close()
	if err := r.connectResuming(ctx, others); err != nil {
		return 0, err
	}
	// A position in an empty stream is valid only while the stream is empty.
	if err := r.publishAndAwait(ctx, others, pub, 1); err != nil {
		return 0, err
	}
	for _, c := range f.clients {
		c.keepFirst = true
	}
	if err := r.connectResuming(ctx, f); err != nil {
		return 0, err
	}
	want = int64(r.cfg.Events) * 2 * int64(f.sockets)
	defer r.progress("delivering what will be missed", want, f.counts.received.Load)()
	return want, r.publishAndAwait(ctx, f, pub, r.cfg.Events)
}

// connectResuming connects a fleet whose sockets resume.
func (r *run) connectResuming(ctx context.Context, f *fleet) error {
	f.resume = true
	if err := f.sign(ctx); err != nil {
		return err
	}
	return f.connect(ctx, r.connectPace())
}

// publishAndAwait publishes trades of a fleet that had none before, and waits for
// their deliveries.
func (r *run) publishAndAwait(ctx context.Context, f *fleet, pub Publisher, count int) error {
	m := r.newMarket(f, pub, noCounterparty)
	if err := m.publishAll(ctx, count, classBurst); err != nil {
		return err
	}
	if err := pub.Flush(ctx); err != nil {
		return err
	}
	return f.counts.await(ctx, int64(count)*m.sides()*int64(f.sockets))
}

// reconnect drops all sockets and reconnects them from their first position, until
// each has received its events again, want deliveries in all.
func (f *fleet) reconnect(ctx context.Context, want int64) error {
	f.stop()
	for _, c := range f.clients {
		if c.next < f.run.sent[c.user] && c.err == nil {
			f.run.faults.add(missing, int64(f.run.sent[c.user]-c.next), "a socket of %s did not receive its events from %d on, before the storm", f.run.workload.uid(c.user), c.next)
		}
		c.next, c.err = 0, nil
	}
	had := f.counts.received.Load()
	all := int64(len(f.clients))
	p := pace{workers: len(f.clients), interval: stormTime / time.Duration(all), retry: true}
	if err := f.connect(ctx, p); err != nil {
		return err
	}
	return f.counts.await(ctx, had+want)
}
