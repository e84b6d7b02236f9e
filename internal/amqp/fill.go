package amqp

import (
	"encoding/binary"
	"time"
)

// fill reads once from the socket, at now, and sorts what came.
func (c *intake) fill(now time.Time) {
	c.makeRoom()
	if c.failed = c.deadlines.heard(now); c.failed != nil {
		return
	}
	n, err := c.from.Read(c.bytes[c.end:])
	c.end += n
	c.read = time.Now()
	if n > 0 { // an error comes again
		c.failed = c.sort()
	} else {
		c.failed = err
	}
}

// makeRoom sees that there is room to read into, behind what was left of what was read.
func (c *intake) makeRoom() {
	rest := c.bytes[c.at:c.end]
	size := readSize
	if need, ok := frameSize(rest); ok {
		size = max(size, need)
	}
	if n := len(c.bytes); n < size || n > max(size, frameMax) { // one large header does not stay
		c.bytes = make([]byte, size)
	}
	copy(c.bytes, rest)
	c.at, c.end = 0, len(rest)
}

// sort deals with the frames that are there as a whole. Behind one that is too large
// the library gets all, and says so; but not what is left of a message of ours, which
// it would wait for, without a word.
func (c *intake) sort() error {
	for {
		b := c.bytes[c.at:c.end]
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
		c.deliveries = append(c.deliveries, m.delivery)
		c.content = content{}
	}
	return nil
}
