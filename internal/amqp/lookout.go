package amqp

import (
	"context"
	"fmt"
	"time"
)

// lookout looks, over the reader's connection, after what the broker tells
// nobody about: an exchange or a binding that is gone, and a reader that is told
// nothing. It runs on a goroutine of its own.
type lookout struct {
	topology *topology
	reader   *reader
}

// run looks until ctx is done, or until something is amiss that a new
// connection must mend. A broker under a memory or disk alarm takes no marker:
// then it waits, the reader reads what there is, and the node is not ready.
func (l *lookout) run(ctx context.Context) error {
	every := l.topology.cfg.LookEvery
	tick := time.NewTicker(every)
	defer tick.Stop()
	if err := l.reader.markers.send(ctx); err != nil {
		return err
	}
	before, quiet := l.reader.read.Load(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := l.topology.ensureFeed(); err != nil {
			return fmt.Errorf("look after the exchanges: %w", err)
		}
		if now := l.reader.read.Load(); now != before {
			before, quiet = now, time.Now()
			continue
		}
		if !l.reader.markers.awaited() {
			if err := l.reader.markers.send(ctx); err != nil {
				return err
			}
			quiet = time.Now()
			continue
		}
		if time.Since(quiet) >= 2*every {
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
