package publish

import (
	"net"
	"sync"
)

// maxPending is how many bytes may wait to be written.
const maxPending = 256 << 10

// coalescer is a connection whose writes are made by one goroutine, which writes
// in one call what came during the call before. The library writes each message by
// itself, and a system call costs more than everything else that it does for a
// message.
type coalescer struct {
	net.Conn
	wake chan struct{} // there is something to write; has room for one
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	room    sync.Cond // on mu: pending was taken, or err is set
	pending []byte    // guarded by mu: not yet written
	err     error     // guarded by mu: why nothing more is written
}

// newCoalescer returns a coalescer over c. Its goroutine ends when it is closed.
func newCoalescer(c net.Conn) *coalescer {
	w := &coalescer{Conn: c, wake: make(chan struct{}, 1), done: make(chan struct{})}
	w.room.L = &w.mu
	go w.run()
	return w
}

// Write queues p. It waits only if too much is pending. Its error may be that of an
// earlier write.
func (w *coalescer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && len(w.pending) >= maxPending {
		w.room.Wait()
	}
	if w.err != nil {
		return 0, w.err
	}
	w.pending = append(w.pending, p...)
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
	return len(p), nil
}

// run writes until an error.
func (w *coalescer) run() {
	defer close(w.done)
	var free []byte
	for range w.wake {
		w.mu.Lock()
		taken := w.pending
		w.pending = free[:0]
		err := w.err
		w.room.Broadcast()
		w.mu.Unlock()
		if err == nil {
			_, err = w.Conn.Write(taken)
		}
		if err != nil {
			w.fail(err)
			return
		}
		free = taken
	}
}

// fail makes err the error of all later writes.
func (w *coalescer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.room.Broadcast()
}

// Close closes the connection and waits for the goroutine. Pending bytes are
// dropped.
func (w *coalescer) Close() error {
	err := w.Conn.Close()
	w.fail(net.ErrClosed)
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-w.done
	return err
}
