package bench

import (
	"context"
	"errors"
	"sync"
	"time"
)

// runSlow has a user with two sockets, of which one does not read; cfg.Events
// trades of that user are made in cfg.Duration, while all others trade on.
func runSlow(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("slow", cfg, Config{Users: 10_000, Events: 20_000, Rate: besidesRate, Duration: 20 * time.Second, Stable: settleSlow})
	if err != nil {
		return Report{}, err
	}
	busy := r.newFleet(r.cfg.Users, 1, 1)
	defer busy.stop()
	slow := r.newFleet(r.cfg.Users, 1, 1)
	slow.mayEnd, slow.narrow, slow.hold = true, true, make(chan struct{})
	release := sync.OnceFunc(func() { close(slow.hold) })
	defer slow.stop()
	defer release()
	others := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	defer others.stop()
	others.resume = true // for the time of the server's receipt
	for _, f := range []*fleet{busy, slow, others} {
		if err := f.sign(ctx); err != nil {
			return Report{}, err
		}
		if err := f.connect(ctx, r.gentle()); err != nil {
			return Report{}, err
		}
	}
	rss, err := r.settle(ctx)
	if err != nil {
		return Report{}, err
	}
	var grown int64
	err = r.besides(ctx, others, r.cfg.Rate, min(5*time.Second, r.cfg.Duration), func(ctx context.Context) error {
		err := r.overwhelm(ctx, busy)
		grown = r.resident() - rss
		return err
	})
	if err != nil {
		return Report{}, err
	}
	release()
	if err := slow.tally.await(ctx, int64(r.sent[r.cfg.Users])); err != nil {
		return Report{}, err
	}
	for _, f := range []*fleet{busy, slow, others} {
		f.judge()
	}
	r.serverFigure("rss_growth", "growth of the server's memory meanwhile", float64(grown), "B")
	r.figure("slow_ended", "how the slow socket ended: its close code, 1006: cut, 0: it stayed and has all", float64(ending(slow.clients[0].err)), "")
	r.figure("slow_had", "events that the slow socket was sent", float64(slow.tally.got.Load()), "")
	r.tellBesides("with a slow reader")
	return r.finish()
}

// overwhelm publishes the events of the busy user, evenly within cfg.Duration, and
// waits until the socket that reads has them.
func (r *run) overwhelm(ctx context.Context, busy *fleet) error {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	want := int64(r.cfg.Events)
	defer r.watch("delivering to the busy user", want, busy.tally.got.Load)()
	m := r.newMarket(busy, pub, r.cfg.Users+1)
	rate := max(1, int(float64(r.cfg.Events)/r.cfg.Duration.Seconds()))
	err = m.steady(ctx, rate, func(n int) lane {
		if n == r.cfg.Events {
			return 0
		}
		return laneBurst
	})
	if err == nil {
		err = pub.Flush(ctx)
	}
	if err == nil {
		err = busy.tally.await(ctx, want)
	}
	return err
}

// ending returns the close code that err stands for.
func ending(err error) uint16 {
	if err == nil {
		return 0
	}
	if c, ok := errors.AsType[*closedError](err); ok {
		return c.code
	}
	const abnormal = 1006
	return abnormal
}
