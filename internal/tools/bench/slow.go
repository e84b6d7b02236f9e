package bench

import (
	"context"
	"errors"
	"sync"
	"time"
)

// runSlow has a user with two sockets, one of which does not read. cfg.Events trades
// of that user are published in cfg.Duration, while all other users trade at a rate.
func runSlow(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun("slow", cfg, Config{Users: 10_000, Events: 20_000, Rate: bystanderRate, Duration: 20 * time.Second, Stable: stableSlow})
	if err != nil {
		return Report{}, err
	}
	busy := r.newFleet(r.cfg.Users, 1, 1)
	defer busy.stop()
	slow := r.newFleet(r.cfg.Users, 1, 1)
	slow.mayEnd, slow.smallBuffer, slow.holdReads = true, true, make(chan struct{})
	release := sync.OnceFunc(func() { close(slow.holdReads) })
	defer slow.stop()
	defer release()
	others := r.newFleet(0, r.cfg.Users, r.cfg.Sockets)
	defer others.stop()
	others.resume = true // resuming sockets receive the server's time of receipt
	for _, f := range []*fleet{busy, slow, others} {
		if err := f.sign(ctx); err != nil {
			return Report{}, err
		}
		if err := f.connect(ctx, r.connectPace()); err != nil {
			return Report{}, err
		}
	}
	rss, err := r.settle(ctx)
	if err != nil {
		return Report{}, err
	}
	var grown int64
	err = r.measureBystanders(ctx, others, r.cfg.Rate, min(5*time.Second, r.cfg.Duration), func(ctx context.Context) error {
		err := r.publishToBusy(ctx, busy)
		grown = r.meter.resident() - rss
		return err
	})
	if err != nil {
		return Report{}, err
	}
	release()
	if err := slow.counts.await(ctx, int64(r.sent[r.cfg.Users])); err != nil {
		return Report{}, err
	}
	for _, f := range []*fleet{busy, slow, others} {
		f.checkMissing()
	}
	r.serverFigure("rss_growth", "growth of server memory", float64(grown), "B")
	r.figure("slow_ended", "close code of the slow socket; 1006: cut; 0: still open, received all", float64(closeCode(slow.clients[0].err)), "")
	r.figure("slow_had", "events that the slow socket received", float64(slow.counts.received.Load()), "")
	r.reportBystanders("with a slow reader")
	return r.finish()
}

// publishToBusy publishes the events of the busy user evenly within cfg.Duration, and
// waits until the socket that reads has received them.
func (r *run) publishToBusy(ctx context.Context, busy *fleet) error {
	pub, err := r.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	want := int64(r.cfg.Events)
	defer r.progress("delivering to the busy user", want, busy.counts.received.Load)()
	m := r.newMarket(busy, pub, r.cfg.Users+1)
	rate := max(1, int(float64(r.cfg.Events)/r.cfg.Duration.Seconds()))
	err = m.publishAtRate(ctx, rate, func(n int) class {
		if n == r.cfg.Events {
			return 0
		}
		return classBurst
	})
	if err == nil {
		err = pub.Flush(ctx)
	}
	if err == nil {
		err = busy.counts.await(ctx, want)
	}
	return err
}

// closeCode returns the close code of an error; 0 for nil, 1006 if there is none.
func closeCode(err error) uint16 {
	if err == nil {
		return 0
	}
	if c, ok := errors.AsType[*closedError](err); ok {
		return c.code
	}
	const abnormal = 1006
	return abnormal
}
