package hub

import (
	"time"

	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/pace"
)

// outbox is what a session has to write, and the state of its writer. It is guarded by
// the session's mu.
type outbox struct {
	frames  []byte // written before events
	written signal // sent when frames are written, or never will be
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
		o.written = make(signal)
	}
	written := o.written
	if !o.writing {
		o.written.send()
	}
	return written
}

// stop notes that no writer runs any more.
func (o *outbox) stop() {
	o.writing = false
	o.written.send()
}

// mustWait reports whether a session that is woken must wait for the next tick of the
// throttle, which has this interval, and notes that it does. If it is woken again while it
// waits it need not: its log is filling up.
func (o *outbox) mustWait(interval time.Duration, now func() clock.Monotonic) bool {
	o.waiting = o.pace.Throttled() && interval > 0 && !o.waiting && !o.broken &&
		(o.writing || o.pace.Last().Until(now()) < interval)
	return o.waiting
}

// signal is a channel on which any number of goroutines wait until it is closed; nil if
// none does.
type signal chan struct{}

// send wakes the goroutines that wait. Later ones wait for another signal.
func (s *signal) send() {
	if *s != nil {
		close(*s)
		*s = nil
	}
}
