package control

import (
	"context"
	"time"
)

// Observe notes a marker that was read from the stream, if w wrote it.
func (w *Writer) Observe(m Marker) {
	if m.ID != w.id || m.N <= w.observed.Load() {
		return
	}
	w.observed.Store(m.N)
	select {
	case w.notice <- struct{}{}:
	default: // the last notice has not been received yet
	}
}

// Await returns nil when the newest marker sent has been read from the stream: then
// everything before it has been, too. Every interval it calls waiting, with whether
// an alarm blocks the connection, and ends with the error that this returns.
func (w *Writer) Await(ctx context.Context, interval time.Duration, waiting func(blocked bool) error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for w.observed.Load() < w.sent {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.done:
			return w.err
		case <-w.notice:
		case <-tick.C:
			if err := waiting(w.blocked.Load()); err != nil {
				return err
			}
		}
	}
	return nil
}
