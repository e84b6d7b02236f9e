package demux

import (
	"net"
	"sync"
	"time"
)

// deadline is the read deadline of the connection. The library moves it with each
// frame that it gets; extend does so for the frames that it does not get. It is safe
// for concurrent use.
type deadline struct {
	conn net.Conn // fixed before the first call

	mu      sync.Mutex
	timeout time.Duration // guarded by mu: how long the broker may be silent; 0 for no limit
	at      time.Time     // guarded by mu
}

// set sets the deadline, and the timeout to how far it is away; the zero time means
// no limit.
func (d *deadline) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timeout, d.at = 0, t
	if !t.IsZero() {
		d.timeout = time.Until(t)
	}
	return d.conn.SetReadDeadline(t)
}

// extend moves the deadline to now plus the timeout. It does so only after an
// eighth of the timeout, because it costs more than to read a message.
func (d *deadline) extend(now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timeout == 0 || d.at.Sub(now) > d.timeout-d.timeout/8 {
		return nil
	}
	d.at = now.Add(d.timeout)
	return d.conn.SetReadDeadline(d.at)
}
