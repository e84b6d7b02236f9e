package bench

import (
	"context"
	"time"
)

const (
	// stayers is how many users stay in a storm.
	stayers = 100
	// stormTime is within what time all others come back.
	stormTime = 2 * time.Second
	// besidesRate is how many trades a second others make.
	besidesRate = 200
)

// runStorm drops all sockets and has them resume from where they were before
// their last events, cfg.Events trades in all, while a few others trade on.
func runStorm(ctx context.Context, cfg Config) (Report, error) {
	const missed = 10 // events of each user
	users := cfg.Users
	or(&users, 10_000)
	r, err := newRun("storm", cfg, Config{Users: users, Events: users * missed / 2, Rate: besidesRate, Duration: 5 * time.Second})
	if err != nil {
		return Report{}, err
	}
	others := r.newFleet(r.cfg.Users, stayers, 1)
	defer others.stop()
	f := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	defer f.stop()
	want, err := r.miss(ctx, f, others)
	if err == nil {
		err = r.rest(ctx, calm)
	}
	if err != nil {
		return Report{}, err
	}
	var back, cpu time.Duration
	err = r.besides(ctx, others, r.cfg.Rate, r.cfg.Duration, func(ctx context.Context) error {
		start, before := r.now(), r.cpu()
		err := f.comeBack(ctx, want)
		back, cpu = r.now()-start, r.cpu()-before
		return err
	})
	if err != nil {
		return Report{}, err
	}
	f.judge()
	others.judge()
	r.figure("seconds_until_back", "until all are back and have what they missed", back.Seconds(), "s")
	r.serverFigure("cpu", "server CPU until then", cpu.Seconds(), "s")
	r.tellBesides("during the storm")
	return r.finish()
}

// miss connects both fleets and publishes what f will have missed: it returns
// how many deliveries that is.
func (r *run) miss(ctx context.Context, f, others *fleet) (want int64, err error) {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer pub.Close()
	if err := r.join(ctx, others); err != nil {
		return 0, err
	}
	// The position of an empty stream holds only as long as it is empty.
	if err := r.deliver(ctx, others, pub, 1); err != nil {
		return 0, err
	}
	for _, c := range f.clients {
		c.pinned = true
	}
	if err := r.join(ctx, f); err != nil {
		return 0, err
	}
	want = int64(r.cfg.Events) * 2 * int64(f.sockets)
	defer r.watch("delivering what will be missed", want, f.tally.got.Load)()
	return want, r.deliver(ctx, f, pub, r.cfg.Events)
}

// join connects a fleet that resumes.
func (r *run) join(ctx context.Context, f *fleet) error {
	f.resume = true
	if err := f.sign(ctx); err != nil {
		return err
	}
	return f.connect(ctx, r.gentle())
}

// deliver publishes so many trades of a fleet that has had none, and waits for
// them.
func (r *run) deliver(ctx context.Context, f *fleet, pub Publisher, count int) error {
	m := r.newMarket(f, pub, noHouse)
	if err := m.flood(ctx, count, laneBurst); err != nil {
		return err
	}
	if err := pub.Flush(ctx); err != nil {
		return err
	}
	return f.tally.await(ctx, int64(count)*m.views()*int64(f.sockets))
}

// comeBack drops all sockets and connects them again from the position that they
// had first, until each has had all its events again, want deliveries in all.
func (f *fleet) comeBack(ctx context.Context, want int64) error {
	f.stop()
	for _, c := range f.clients {
		if c.next < f.run.sent[c.user] && c.err == nil {
			f.run.faults.add(missing, int64(f.run.sent[c.user]-c.next), "a socket of %s was not sent its events from %d on, before the storm", f.run.plan.uid(c.user), c.next)
		}
		c.next, c.err = 0, nil
	}
	had := f.tally.got.Load()
	all := int64(len(f.clients))
	p := pace{workers: len(f.clients), apart: stormTime / time.Duration(all), again: true}
	if err := f.connect(ctx, p); err != nil {
		return err
	}
	return f.tally.await(ctx, had+want)
}
