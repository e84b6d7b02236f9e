package hub

import (
	"time"

	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/pace"
)

// outbox is what a session has to write, and the state of its writer. It is guarded by
// the session's mu.
type outbox struct {
	frames  []byte        // written before events
	written chan struct{} // closed when frames are written, or never will be; may be nil
	pace    pace.Pace

	woken     bool // the log may have entries to read
	waiting   bool // it waits for the throttle's next tick
	writing   bool // a writer runs
	broken    bool // nothing can be written any more
	closeSent bool // the writer has taken the close frame
}

// isIdle reports whether a writer may be started.
func (o *outbox) isIdle() bool { return !o.writing && !o.broken }

// whenWritten returns a channel that is closed when everything queued so far is written,
// or never will be.
func (o *outbox) whenWritten() <-chan struct{} {
	if o.written == nil {
		o.written = make(chan struct{})
	}
	written := o.written
	if !o.writing {
		o.release()
	}
	return written
}

// release wakes those who wait for what was queued.
func (o *outbox) release() {
	if o.written != nil {
		close(o.written)
		o.written = nil
	}
}

// stop notes that no writer runs any more.
func (o *outbox) stop() {
	o.writing = false
	o.release()
}

// mustWait reports whether a session that is woken must wait for the next tick of the
// throttle, which has this interval, and notes that it does. If it is woken again while it
// waits it need not: its log is filling up.
func (o *outbox) mustWait(interval time.Duration, now func() clock.Monotonic) bool {
	o.waiting = o.pace.Throttled() && interval > 0 && !o.waiting && !o.broken &&
		(o.writing || o.pace.Last().Until(now()) < interval)
	return o.waiting
}
