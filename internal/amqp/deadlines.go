package amqp

import (
	"net"
	"sync"
	"time"
)

// deadlines are those of the reads of a connection: how long the broker may be silent,
// which the library says. They are safe for concurrent use.
type deadlines struct {
	conn net.Conn // fixed before the first call

	mu       sync.Mutex
	patience time.Duration // guarded by mu: how long the broker may be silent; 0 for ever
	silent   time.Time     // guarded by mu: until when it may be
}

// set has the broker be silent until t, and as long again when something has come;
// the zero time for ever. The library sets it when a frame comes; as frames come that
// it does not see, fill says heard.
func (d *deadlines) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.patience, d.silent = 0, t
	if !t.IsZero() {
		d.patience = time.Until(t)
	}
	return d.conn.SetReadDeadline(t)
}

// heard gives the broker some more time. It does so now and then alone, since it
// takes longer than to read a message.
func (d *deadlines) heard(now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.patience == 0 || d.silent.Sub(now) > d.patience-d.patience/8 {
		return nil
	}
	d.silent = now.Add(d.patience)
	return d.conn.SetReadDeadline(d.silent)
}
