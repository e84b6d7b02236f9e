package demux

import (
	"time"

	"ranger/internal/amqp/internal/frame"
)

// behindAfter is how long the reader may process what one read has brought before
// it counts as behind. Everything that the prefetch count lets be in flight arrives
// in some hundred reads, so it is processed within seconds.
const behindAfter = 50 * time.Millisecond

// lend gives the connection to the reader, unless c is stopped.
func (c *Conn) lend() {
	select {
	case <-c.stopped:
		c.batch = c.batch[:0]
	default:
		c.onLoan, c.mixed = true, len(c.head) > 0
		c.busySince.Store(c.received.UnixNano())
		c.ready <- struct{}{}
	}
}

// awaitReturn waits until the reader has released the connection.
func (c *Conn) awaitReturn() {
	select {
	case <-c.returned:
	case <-c.stopped:
		select { // the reader may not have received the connection, or may still have it
		case <-c.ready:
			c.batch = c.batch[:0]
		case <-c.returned:
		}
	}
	c.onLoan = false
	c.noteDone(time.Now())
}

// Ready returns the channel that receives when the reader may use the connection:
// then Batch has deliveries, and the reader must call Release when done.
func (c *Conn) Ready() <-chan struct{} { return c.ready }

// Batch returns the deliveries that have arrived, and when the newest did. They are
// valid until Next or Release.
func (c *Conn) Batch() (deliveries []frame.Delivery, received time.Time) { return c.batch, c.received }

// Next waits for more deliveries, when all of Batch are processed. It reports false
// if the reader must release the connection, because something may be for the
// library; Batch may be empty after it has reported true.
func (c *Conn) Next() bool {
	if c.mixed || len(c.toLibrary) > 0 || c.passthrough || c.err != nil {
		return false
	}
	now := time.Now()
	c.noteDone(now)
	c.batch = c.batch[:0]
	c.fill(now)
	if len(c.batch) > 0 {
		c.busySince.Store(c.received.UnixNano())
	}
	return true
}

// Release returns the connection to the library.
func (c *Conn) Release() {
	c.batch = c.batch[:0]
	c.returned <- struct{}{}
}

// noteDone notes that the reader has processed its batch. It sets behindUntil first,
// so that BehindSince finds one of the two at any time.
func (c *Conn) noteDone(now time.Time) {
	if since := c.busySince.Load(); since != 0 {
		if now.UnixNano()-since > int64(behindAfter) {
			c.behindUntil.Store(now.UnixNano())
		}
		c.busySince.Store(0)
	}
}

// BehindSince reports whether the reader has been behind since t, so that a reply of
// the broker may not have reached the library. It is safe for concurrent use.
func (c *Conn) BehindSince(t time.Time) bool {
	since := c.busySince.Load()
	return since != 0 && time.Now().UnixNano()-since > int64(behindAfter) || c.behindUntil.Load() >= t.UnixNano()
}
