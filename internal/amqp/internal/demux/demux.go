// Package demux diverts the deliveries of one consumer from amqp091-go, which takes
// 58 allocations and two switches of goroutine for a message.
package demux

import (
	"crypto/rand"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/rawio"
)

// readSize is how many bytes are read at once, some 50 events: the first event
// waits until the last of them is read.
const readSize = 16 << 10

// Conn wraps the broker connection. It diverts the basic.deliver frames of one
// consumer, identified by its tag, to the reader and passes all other frames to
// amqp091-go unchanged.
//
// One goroutine at a time reads the socket: the library's, in Read, until a
// delivery arrives, then the reader until a frame for the library arrives. So no
// goroutine is woken for a message but the one that processes it.
//
// While the reader has the connection, replies of the broker are not delivered. Do
// not make requests from the reader; a caller whose request times out should check
// BehindSince before it blames the broker. The library sends heartbeats meanwhile.
// The prefetch count bounds what is in flight.
type Conn struct {
	net.Conn
	deadline deadline
	socket   io.Reader // reads Conn; fixed by Wrap
	tag      string    // fixed at construction

	ready    chan struct{} // receives when the reader may use the connection; has room for one
	returned chan struct{} // receives when the reader has released it; has room for one

	stopping sync.Once
	stopped  chan struct{} // closed by Stop

	busySince   atomic.Int64 // when the reader got the deliveries it processes, Unix ns; 0 if it has none
	behindUntil atomic.Int64 // when it last finished processing some for too long, Unix ns

	// Owned by the library's goroutine in Read.
	onLoan bool   // the reader has the connection
	head   []byte // bytes for the library, before anything else
	passed int    // how many of them it has

	// Owned by the goroutine that reads the socket.
	buf         []byte // deliveries refer to it
	at, end     int    // the part of buf that is not processed yet
	assembler   *frame.Assembler
	batch       []frame.Delivery
	received    time.Time // when the newest of batch arrived
	toLibrary   []byte    // frames for the library
	passthrough bool      // everything that follows is for the library
	err         error     // why nothing more is read
	mixed       bool      // frames for the library came with batch
}

// New returns a Conn that diverts the deliveries of the consumer with its Tag. Wrap
// gives it the connection. Bodies are truncated to maxBody bytes.
func New(maxBody int) *Conn {
	tag := "ranger-" + rand.Text()
	return &Conn{
		tag:       tag,
		assembler: frame.NewAssembler(tag, maxBody),
		ready:     make(chan struct{}, 1),
		returned:  make(chan struct{}, 1),
		stopped:   make(chan struct{}),
	}
}

// Wrap makes c read conn, and returns c. Call it once.
func (c *Conn) Wrap(conn net.Conn) net.Conn {
	c.Conn, c.deadline.conn, c.socket = conn, conn, rawio.NewReader(conn)
	return c
}

// Tag returns the consumer tag to use.
func (c *Conn) Tag() string { return c.tag }

// Stop discards all deliveries from now on. It may be called more than once, by any
// goroutine. A reader that has the connection must still release it.
func (c *Conn) Stop() { c.stopping.Do(func() { close(c.stopped) }) }

// Close stops c and closes the connection.
func (c *Conn) Close() error {
	c.Stop()
	return c.Conn.Close()
}

// SetReadDeadline sets how long the broker may be silent.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.deadline.set(t) }

// Read reads what is for the library.
func (c *Conn) Read(p []byte) (int, error) {
	for c.passed == len(c.head) {
		switch {
		case c.onLoan:
			c.awaitReturn()
		case c.err != nil:
			return 0, c.err
		case c.passthrough:
			return c.Conn.Read(p)
		default:
			c.fill(time.Now())
		}
		c.head, c.toLibrary, c.passed = c.toLibrary, c.head[:0], 0
		if len(c.batch) > 0 {
			c.lend()
		}
	}
	n := copy(p, c.head[c.passed:])
	c.passed += n
	return n, nil
}
