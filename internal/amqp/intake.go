package amqp

import (
	"crypto/rand"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ranger/internal/rawio"
)

const (
	// frameMax is the largest frame in bytes that ranger agrees to with a broker,
	// and RabbitMQ's default; headerMax the largest of a content header, which
	// RabbitMQ does not split: it sends what it took from the publisher, who may have
	// agreed to more, and adds the offset.
	frameMax  = 128 << 10
	headerMax = 16 << 20
	// readSize is how many bytes are read at once: an event waits for those before
	// it, so there is no room for more than some 50.
	readSize = 16 << 10
	// recordSize is how large a record of a node's may be.
	recordSize = 4 << 10
)

// intake is a connection that keeps the deliveries of one consumer, by its tag, for
// the reader, and hands on all else to the library: the library takes 58 allocations
// and two changes of goroutine for a message. It goes by frames (AMQP 0-9-1 §2.3.5).
//
// One goroutine at a time reads the socket and owns what was read. It is the
// library's, in Read, until messages come; then it lends the connection to the reader,
// which takes the messages and reads on by itself for as long as nothing else comes: no
// goroutine is woken for a message but the one that deals with it. What is the
// library's it leaves, and gives the connection back.
//
// So while the reader deals with messages the library hears nothing. The reader must
// not wait for an answer over this connection, and who does is told by heldUp that it
// is not the broker that takes so long. The reader may wait for Redis, again for each
// message. Meanwhile the library sends heartbeats as ever. What is on its way is
// bounded by the prefetch count.
type intake struct {
	net.Conn
	deadlines deadlines
	from      io.Reader     // what is read: the connection; fixed by over
	tag       string        // the consumer's; fixed at construction
	most      int           // how much of a body is kept; fixed at construction
	lent      chan struct{} // whoever receives has the connection, with deliveries; has room for one
	back      chan struct{} // gives it back; has room for one

	dropping sync.Once
	dropped  chan struct{} // closed when nobody takes deliveries any more

	busy atomic.Int64 // since when the reader has dealt with deliveries, Unix ns; 0 where it does not
	held atomic.Int64 // until when it took long last, Unix ns

	// Owned by the library's goroutine that reads.
	away   bool   // the connection is lent
	ours   []byte // what is to be handed on before anything else
	handed int    // how much of it was

	// Owned by whoever has the connection.
	bytes      []byte // what the deliveries are parts of
	at, end    int    // what of it is to be looked at
	deliveries []delivery
	read       time.Time // when the last of them came
	out        []byte    // what is the library's
	deaf       bool      // what comes is the library's as it is
	failed     error     // nothing comes any more
	shared     bool      // the library has got something with what the reader got
	content    content
}

// newIntake returns an intake without a connection yet, of which bodies are kept up
// to one byte above maxBody: enough to know that they are too long.
func newIntake(maxBody int) *intake {
	return &intake{
		tag:     "ranger-" + rand.Text(),
		most:    max(maxBody, recordSize) + 1,
		lent:    make(chan struct{}, 1),
		back:    make(chan struct{}, 1),
		dropped: make(chan struct{}),
	}
}

// over sets the connection that is read.
func (c *intake) over(conn net.Conn) {
	c.Conn, c.deadlines.conn, c.from = conn, conn, rawio.NewReader(conn)
}

// drop has all deliveries that come discarded from now on. It may be called more than
// once, from any goroutine. Who has borrowed the connection still has to give it back.
func (c *intake) drop() { c.dropping.Do(func() { close(c.dropped) }) }

// Close closes the connection.
func (c *intake) Close() error {
	c.drop()
	return c.Conn.Close()
}

// SetReadDeadline says how long the broker may be silent.
func (c *intake) SetReadDeadline(t time.Time) error { return c.deadlines.set(t) }

// Read reads what is the library's.
func (c *intake) Read(p []byte) (int, error) {
	for c.handed == len(c.ours) {
		switch {
		case c.away:
			c.await()
		case c.failed != nil:
			return 0, c.failed
		case c.deaf:
			return c.Conn.Read(p)
		default:
			c.fill(time.Now())
		}
		c.ours, c.out, c.handed = c.out, c.ours[:0], 0
		if len(c.deliveries) > 0 {
			c.lend()
		}
	}
	n := copy(p, c.ours[c.handed:])
	c.handed += n
	return n, nil
}

// lend lends the connection to the reader, unless nobody takes deliveries any more.
func (c *intake) lend() {
	select {
	case <-c.dropped:
		c.deliveries = c.deliveries[:0]
	default:
		c.away, c.shared = true, len(c.ours) > 0
		c.busy.Store(c.read.UnixNano())
		c.lent <- struct{}{}
	}
}

// await waits until the connection is back.
func (c *intake) await() {
	select {
	case <-c.back:
	case <-c.dropped:
		select { // the reader may not have taken it, or may still have it
		case <-c.lent:
			c.deliveries = c.deliveries[:0]
		case <-c.back:
		}
	}
	c.away = false
	c.caughtUp(time.Now())
}

// next reads once more, where all deliveries that there were have been dealt with. It
// is for the reader.
func (c *intake) next() {
	now := time.Now()
	c.caughtUp(now)
	c.deliveries = c.deliveries[:0]
	c.fill(now)
	if len(c.deliveries) > 0 {
		c.busy.Store(c.read.UnixNano())
	}
}

// foreign tells whether there is, or was, something for the library with the last
// deliveries: then the reader has to give the connection back, since what comes of that
// it might not hear of while it reads.
func (c *intake) foreign() bool { return c.shared || len(c.out) > 0 || c.deaf || c.failed != nil }

// giveBack gives the connection back to the library. It is for the reader.
func (c *intake) giveBack() {
	c.deliveries = c.deliveries[:0]
	c.back <- struct{}{}
}

// caughtUp notes that the reader has dealt with all that there was.
func (c *intake) caughtUp(now time.Time) {
	if busy := c.busy.Load(); busy != 0 {
		c.busy.Store(0)
		if now.UnixNano()-busy > int64(heldLong) {
			c.held.Store(now.UnixNano())
		}
	}
}

// heldLong is how long the reader may take for what one read has brought until it
// counts as behind: all that the prefetch count lets be on its way comes in some hundred
// reads, and is dealt with within seconds then.
const heldLong = 50 * time.Millisecond

// heldUp tells whether the reader has been behind since a time, so that what the
// library waited for may not have come to it. It is safe for concurrent use.
func (c *intake) heldUp(since time.Time) bool {
	busy := c.busy.Load()
	return busy != 0 && time.Now().UnixNano()-busy > int64(heldLong) || c.held.Load() >= since.UnixNano()
}
