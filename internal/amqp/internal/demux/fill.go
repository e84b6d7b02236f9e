package demux

import (
	"time"

	"ranger/internal/amqp/internal/frame"
)

// fill reads once from the socket, at now, and sorts the frames that are complete.
func (c *Conn) fill(now time.Time) {
	c.makeRoom()
	if c.err = c.deadline.extend(now); c.err != nil {
		return
	}
	n, err := c.socket.Read(c.buf[c.end:])
	c.end += n
	c.received = time.Now()
	if n > 0 { // an error is returned again by the next read
		c.err = c.sort()
	} else {
		c.err = err
	}
}

// makeRoom moves the incomplete frame to the start of the buffer, and makes room
// for the rest of it.
func (c *Conn) makeRoom() {
	rest := c.buf[c.at:c.end]
	size := readSize
	if need, ok := frame.Size(rest); ok {
		size = max(size, need)
	}
	switch n := len(c.buf); {
	case n < size, n > max(size, frame.Max): // a buffer for one large header is not kept
		buf := make([]byte, size)
		copy(buf, rest)
		c.buf = buf
	case c.at > 0:
		copy(c.buf, rest)
	}
	c.at, c.end = 0, len(rest)
}

// sort processes the complete frames. After a frame that is too large, the library
// gets everything, and reports it; but not the rest of a delivery, for which it
// would wait silently.
func (c *Conn) sort() error {
	for {
		b := c.buf[c.at:c.end]
		size, ok := frame.Size(b)
		if ok && frame.Oversize(b, size) {
			if c.assembler.Incomplete() {
				return frame.ErrTooLarge
			}
			c.toLibrary, c.passthrough, c.at = append(c.toLibrary, b...), true, c.end
			return nil
		}
		if !ok || size > len(b) {
			break
		}
		d, taken, err := c.assembler.Push(b[:size])
		switch {
		case err != nil:
			return err
		case !taken:
			c.toLibrary = append(c.toLibrary, b[:size]...)
		case d != nil:
			c.batch = append(c.batch, *d)
		}
		c.at += size
	}
	c.assembler.Own()
	return nil
}
