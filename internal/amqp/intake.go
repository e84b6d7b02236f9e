package amqp

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// frameMax is the largest frame in bytes that ranger agrees to with a broker,
	// and RabbitMQ's default; headerMax the largest of a content header, which
	// RabbitMQ does not split: it sends what it took from the publisher, who may have
	// agreed to more, and adds the offset.
	frameMax  = 128 << 10
	headerMax = 16 << 20
	// batchSize is how many bytes are read at once, and batches how many such
	// buffers there are: one is filled while another is read from. An event waits
	// here for those before it, so there is no room for more than some 50.
	batchSize = 16 << 10
	batches   = 2
	// recordSize is how large a record of a node's may be.
	recordSize = 4 << 10
)

// intake is a connection that keeps the deliveries of one consumer, by its tag, for
// the reader, and hands on all else to the library: the library takes 58 allocations
// and two changes of goroutine for a message. It goes by frames (AMQP 0-9-1 §2.3.5).
//
// What a read of the socket brought in whole messages is handed over as one batch,
// which has to be given back. When all batches are out, the reader is behind, and
// Read waits for it: with the rest of the library's frames, so the reader must not
// wait for an answer over this connection, and who does is told by heldUp that it is
// not the broker that takes so long. The reader may wait for Redis, again for each
// message of a batch. Meanwhile the library sends heartbeats as ever. What is on its
// way is bounded by the prefetch count.
type intake struct {
	net.Conn
	tag  string      // the consumer's; fixed at construction
	most int         // how much of a body is kept; fixed at construction
	full chan *batch // with room for all
	free chan *batch // as above

	dropping sync.Once
	dropped  chan struct{} // closed when nobody takes batches any more

	patience atomic.Int64 // how long the library lets the broker be silent, ns; 0 for ever
	held     atomic.Int64 // until when Read had to wait last, Unix ns; the greatest while it waits

	// Owned by the goroutine that reads, which is the library's.
	batch   *batch
	rest    []byte    // the end of the last batch, where batch is nil
	at, end int       // what of the batch's bytes is to be looked at
	out     []byte    // what is to be handed on before anything else,
	handed  int       // less so much of it
	deaf    bool      // what comes is handed on as it is
	read    time.Time // when the deadline was put off last
	content content
}

// batch is messages that one read has brought. It is the reader's from when it comes
// until it gives it back.
type batch struct {
	bytes      []byte // what the deliveries are parts of
	deliveries []delivery
	read       time.Time // when the last of bytes came
}

// newIntake returns an intake without a connection yet, of which bodies are kept up
// to one byte above maxBody: enough to know that they are too long.
func newIntake(maxBody int) *intake {
	c := &intake{
		tag:     "ranger-" + rand.Text(),
		most:    max(maxBody, recordSize) + 1,
		full:    make(chan *batch, batches),
		free:    make(chan *batch, batches),
		dropped: make(chan struct{}),
	}
	for range batches {
		c.free <- &batch{}
	}
	return c
}

// more tells whether another batch is waiting.
func (c *intake) more() bool { return len(c.full) > 0 }

// giveBack takes back a batch that has been read.
func (c *intake) giveBack(b *batch) { c.free <- b }

// drop has all deliveries that come discarded from now on. It may be called more than
// once, from any goroutine.
func (c *intake) drop() { c.dropping.Do(func() { close(c.dropped) }) }

// Close closes the connection.
func (c *intake) Close() error {
	c.drop()
	return c.Conn.Close()
}

// SetReadDeadline notes how long the broker may be silent. The library sets it when a
// frame comes; as frames come that it does not see, fill does.
func (c *intake) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		c.patience.Store(0)
	} else {
		c.patience.Store(int64(time.Until(t)))
	}
	return c.Conn.SetReadDeadline(t)
}

// Read reads what is the library's.
func (c *intake) Read(p []byte) (int, error) {
	for c.handed == len(c.out) {
		if c.deaf {
			return c.Conn.Read(p)
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.out[c.handed:])
	c.handed += n
	return n, nil
}

// fill reads once from the socket and sorts what came.
func (c *intake) fill() error {
	c.makeRoom()
	if err := c.putOff(); err != nil {
		return err
	}
	n, err := c.Conn.Read(c.batch.bytes[c.end:])
	c.end += n
	if n == 0 {
		return err
	}
	c.batch.read = time.Now()
	c.out, c.handed = c.out[:0], 0
	if err := c.sort(); err != nil {
		return err
	}
	if len(c.batch.deliveries) > 0 {
		c.handOver()
	}
	return nil // another error comes again
}

// makeRoom sees that there is a batch with room to read into, behind what was left
// of the last one.
func (c *intake) makeRoom() {
	inPlace := c.batch != nil && c.at == 0
	if c.batch == nil {
		c.batch = c.takeFree()
		c.batch.deliveries = c.batch.deliveries[:0]
	} else {
		c.rest = c.batch.bytes[c.at:c.end]
	}
	size := batchSize
	if need, ok := frameSize(c.rest); ok {
		size = max(size, need)
	}
	if n := len(c.batch.bytes); n < size || n > max(size, frameMax) { // one large header does not stay
		c.batch.bytes, inPlace = make([]byte, size), false
	}
	if !inPlace {
		copy(c.batch.bytes, c.rest)
	}
	c.at, c.end, c.rest = 0, len(c.rest), nil
}

// takeFree returns a batch to be filled, and waits for one.
func (c *intake) takeFree() *batch {
	select {
	case b := <-c.free:
		return b
	default:
	}
	c.held.Store(math.MaxInt64)
	defer func() { c.held.Store(time.Now().UnixNano()) }()
	select {
	case b := <-c.free:
		return b
	case <-c.dropped:
		return new(batch)
	}
}

// heldUp tells whether the reader has been behind since a time, so that what the
// library waited for may not have come to it. It is safe for concurrent use.
func (c *intake) heldUp(since time.Time) bool { return c.held.Load() >= since.UnixNano() }

// putOff gives the broker some more time. It does so now and then alone, since it
// takes longer than to read a message.
func (c *intake) putOff() error {
	patience, now := time.Duration(c.patience.Load()), time.Now()
	if patience == 0 || now.Sub(c.read) < patience/8 {
		return nil
	}
	c.read = now
	return c.Conn.SetReadDeadline(now.Add(patience))
}

// sort deals with the frames that are there as a whole. Behind one that is too large
// the library gets all, and says so; but not what is left of a message of ours, which
// it would wait for, without a word.
func (c *intake) sort() error {
	for {
		b := c.batch.bytes[c.at:c.end]
		size, ok := frameSize(b)
		if ok && size > largest(b[0]) {
			if c.content.state != noContent {
				return errTooLarge
			}
			c.out, c.deaf, c.at = append(c.out, b...), true, c.end
			return nil
		}
		if !ok || size > len(b) {
			break
		}
		if err := c.take(b[:size]); err != nil {
			return err
		}
		c.at += size
	}
	c.content.own()
	return nil
}

// take deals with a frame.
func (c *intake) take(frame []byte) error {
	channel := binary.BigEndian.Uint16(frame[1:])
	payload := frame[frameHeadSize : len(frame)-frameEndSize]
	if c.content.state != noContent && channel == c.content.channel {
		return c.takeContent(frame, payload)
	}
	tag, rest, ok := deliverTag(payload)
	if frame[0] != methodFrame || !ok || string(tag) != c.tag {
		c.out = append(c.out, frame...)
		return nil
	}
	switch {
	case frame[len(frame)-1] != frameEnd:
		return errEnd
	case c.content.state != noContent:
		return errOrder
	}
	c.content = content{state: awaitingHeader, channel: channel}
	return c.content.readDeliver(rest)
}

// takeContent deals with a frame on the channel on which a message has come in part.
func (c *intake) takeContent(frame, payload []byte) error {
	m := &c.content
	switch {
	case frame[len(frame)-1] != frameEnd:
		return errEnd
	case m.state == awaitingHeader && frame[0] == contentHeader:
		size, err := m.readHeader(payload)
		if err != nil {
			return err
		}
		m.state, m.left, m.whole = awaitingBody, size, int(min(size, uint64(c.most))) //nolint:gosec // not above most
	case m.state == awaitingBody && frame[0] == contentBody && uint64(len(payload)) <= m.left:
		m.add(payload)
	default:
		return errOrder
	}
	if m.state == awaitingBody && m.left == 0 {
		c.batch.deliveries = append(c.batch.deliveries, m.delivery)
		c.content = content{}
	}
	return nil
}

// handOver hands the batch over, unless nobody takes it any more.
func (c *intake) handOver() {
	select {
	case <-c.dropped:
		c.batch.deliveries = c.batch.deliveries[:0]
	default:
		c.rest = c.batch.bytes[c.at:c.end]
		c.full <- c.batch // there is room
		c.batch = nil
	}
}
