package audit

import "time"

// patience returns how long a socket may go without a heartbeat where one is due
// every interval, in ms. A node may be stopped for a while, and a machine be slow.
func patience(interval time.Duration) int64 {
	return (3*interval + 10*time.Second).Milliseconds()
}

// alive takes a time, Unix ms, at which the node wrote to the socket by its own
// clock: what is slow between node and client, or in the client, is no silence.
// In a replay there are no heartbeats, and its events say nothing of the time.
func (w *witness) alive(a about, at int64) {
	switch {
	case w.replaying:
	case w.pulse == 0:
		w.pulse = at
	case at-w.pulse > w.patience:
		w.broken(a, "for %d ms before it no heartbeat came, by the node's own clock", at-w.pulse)
		w.pulse = at // found once
	}
}

// heartbeat takes how far the stream was read.
func (w *witness) heartbeat(h heartbeat) {
	at, err := parsePlace(h.Position)
	if err != nil {
		return // that was found before
	}
	w.alive(about{place: &at}, h.At)
	w.replaying, w.pulse = false, h.At
	w.moved(at, "heartbeat")
	w.position = h.Position
	w.chain(about{place: &at}, "heartbeat.last", h.Last, h.At)
	if h.Last != nil && (!w.known || *h.Last != w.last) {
		w.last, w.known, w.lastAt = *h.Last, true, 0
	}
}
