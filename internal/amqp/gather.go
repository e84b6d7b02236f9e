package amqp

import (
	"net"
	"sync"
)

// gatherMost is how many bytes may wait to be written.
const gatherMost = 256 << 10

// gathered is a connection whose writes are done by a goroutine of its own, in one
// call what came during the one before: the library writes each message by itself,
// and a call costs more than all else that it does for it.
type gathered struct {
	net.Conn
	wake chan struct{} // there is something to write
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	room    sync.Cond // on mu: waiting was taken, or err is set
	waiting []byte    // guarded by mu: not yet written
	err     error     // guarded by mu: why nothing more is
}

// gather returns a gathered connection, whose goroutine ends when it is closed.
func gather(c net.Conn) net.Conn {
	g := &gathered{Conn: c, wake: make(chan struct{}, 1), done: make(chan struct{})}
	g.room.L = &g.mu
	go g.run()
	return g
}

// Write takes p, and waits only where too much is not yet written. Its error may
// be that of an earlier one.
func (g *gathered) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.err == nil && len(g.waiting) >= gatherMost {
		g.room.Wait()
	}
	if g.err != nil {
		return 0, g.err
	}
	g.waiting = append(g.waiting, p...)
	select {
	case g.wake <- struct{}{}:
	default: // it has been woken
	}
	return len(p), nil
}

// run writes until it cannot.
func (g *gathered) run() {
	defer close(g.done)
	var free []byte
	for range g.wake {
		g.mu.Lock()
		taken := g.waiting
		g.waiting = free[:0]
		err := g.err
		g.room.Broadcast()
		g.mu.Unlock()
		if err == nil {
			_, err = g.Conn.Write(taken)
		}
		if err != nil {
			g.end(err)
			return
		}
		free = taken
	}
}

// end makes err that of every later write.
func (g *gathered) end(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
	}
	g.room.Broadcast()
}

// Close closes the connection and waits for the goroutine. What was not written
// by then is not.
func (g *gathered) Close() error {
	err := g.Conn.Close()
	g.end(net.ErrClosed)
	select {
	case g.wake <- struct{}{}:
	default:
	}
	<-g.done
	return err
}
