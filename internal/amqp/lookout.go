package amqp

import (
	"context"
	"fmt"
	"time"
)

// lookout looks after what the broker tells nobody about: an exchange or a
// binding that is gone, and a reader that is told nothing. It runs on a goroutine
// of its own.
type lookout struct {
	topology *topology
	reader   *reader
	blocked  bool // the broker takes no markers, because of an alarm
}

// run looks until ctx is done, or until something is amiss that a new
// connection must mend.
func (l *lookout) run(ctx context.Context) error {
	m, every := l.reader.markers, l.topology.cfg.LookEvery
	tick := time.NewTicker(every)
	defer tick.Stop()
	if err := m.send(); err != nil {
		return err
	}
	before, quiet := l.reader.read.Load(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-m.closed:
			return m.fault(err)
		case b := <-m.blocked:
			l.blocked = b.Active
			continue
		case <-tick.C:
		}
		if err := l.topology.ensureFeed(); err != nil {
			return fmt.Errorf("look after the exchanges: %w", err)
		}
		confirmed, err := m.confirmed()
		if err != nil {
			return err
		}
		now := l.reader.read.Load()
		switch {
		case now != before, l.blocked:
			before, quiet = now, time.Now()
		case confirmed && !m.awaited():
			if err := m.send(); err != nil {
				return err
			}
			quiet = time.Now()
		case time.Since(quiet) < 2*every:
		case !confirmed:
			return errNotTaken
		default:
			return l.silent(ctx)
		}
	}
}

// silent says what it means that nothing comes: the broker is slow, or the stream
// is another one and shorter. A consumer that begins beyond the end of a stream
// waits without a word.
func (l *lookout) silent(ctx context.Context) error {
	if !l.reader.again || l.reader.read.Load() > 0 {
		return errSilent
	}
	end, ok, err := streamEnd(ctx, l.topology.conn, l.topology.cfg.Stream)
	switch {
	case err != nil:
		return err
	case ok && end < l.reader.want.Offset:
		return foreign("the stream ends before the last message read")
	default:
		return errSilent
	}
}
