package amqp

import (
	"context"
	"time"

	"ranger/internal/event"
)

// lookout looks after what the broker tells nobody about: an exchange or a
// binding that is gone, and a reader that is told nothing. It runs on a goroutine
// of its own.
type lookout struct {
	topology *topology
	reader   *reader
	through  [event.Trade + 1]uint64 // how many messages had come through each exchange at the last look
	was      [event.Trade + 1]bool   // those were many
	blind    [event.Trade + 1]bool   // the broker refuses an exchange's canary or witness
	asked    time.Time               // when somebody was last answered who had to catch up
	compared bool                    // the end of the stream was compared with what was read
}

// run looks until ctx is done, or until something is amiss that a new
// connection must mend. The first marker has been sent.
func (l *lookout) run(ctx context.Context) error {
	src, m := l.reader.src, l.reader.markers
	if err := l.await(ctx); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(src.cfg.LookEvery)
	defer tick.Stop()
	for look := true; ; {
		src.catchUps.begin()
		err := l.round(ctx, look)
		src.catchUps.end(err == nil)
		if err != nil {
			src.ask() // the next connection's
			return err
		}
		src.follow(ctx, l.reader.read.Load())
		for waits := true; waits; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case err := <-m.closed:
				return m.fault(err)
			case b := <-m.blocked:
				m.stuck = b.Active
			case <-src.asked:
				look, waits = false, false
				if err := l.holdBack(ctx); err != nil {
					return err
				}
			case <-tick.C:
				look, waits = true, false
			}
		}
	}
}

// askedEvery is how soon after another those are answered who have to catch up:
// clients must not have the node fill the stream with markers.
const askedEvery = 50 * time.Millisecond

// holdBack waits until somebody may be answered again who has to catch up.
func (l *lookout) holdBack(ctx context.Context) error {
	defer func() { l.asked = time.Now() }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(l.asked.Add(askedEvery))):
		return nil
	}
}

// round looks, if it is time to, and returns when all that was in the stream at
// its call has been read.
func (l *lookout) round(ctx context.Context, look bool) error {
	if look {
		if err := l.look(ctx); err != nil {
			return err
		}
	}
	return l.catchUp(ctx)
}

// catchUp sends a marker and waits for it.
func (l *lookout) catchUp(ctx context.Context) error {
	if err := l.reader.markers.send(); err != nil {
		return err
	}
	return l.await(ctx)
}

// await returns when the last marker sent has been read.
func (l *lookout) await(ctx context.Context) error {
	m := l.reader.markers
	if !m.awaited() {
		return nil
	}
	tick := time.NewTicker(l.reader.src.cfg.LookEvery / 10)
	defer tick.Stop()
	before, quiet := l.reader.read.Load(), time.Now()
	for m.awaited() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-m.closed:
			return m.fault(err)
		case b := <-m.blocked:
			m.stuck = b.Active
		case <-m.notice:
		case <-tick.C:
			if now := l.reader.read.Load(); now != before || m.stuck || l.reader.taking.Load() {
				before, quiet = now, time.Now()
			} else if err := l.silent(ctx, time.Since(quiet)); err != nil {
				return err
			}
		}
	}
	return nil
}

// silent says what it means that nothing comes for so long: the broker is slow,
// or the stream is another one and shorter. A consumer that begins beyond the
// end of a stream waits without a word.
func (l *lookout) silent(ctx context.Context, quiet time.Duration) error {
	r, every := l.reader, l.reader.src.cfg.LookEvery
	if r.src.counter == nil && r.again && r.read.Load() == 0 && quiet >= every/5 && !l.compared {
		l.compared = true
		end, ok, err := streamEnd(ctx, l.topology.conn, r.src.cfg.Stream)
		if err != nil {
			return err
		}
		if ok && end < r.from {
			return foreign("the stream ends before the last message read")
		}
	}
	if quiet < r.src.cfg.limits.Silence {
		return nil
	}
	confirmed, err := r.markers.confirmed()
	if err != nil {
		return err
	}
	if !confirmed {
		return errNotTaken
	}
	return errSilent
}
