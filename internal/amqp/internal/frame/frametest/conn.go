package frametest

import (
	"encoding/binary"
	"io"
	"net"
)

// NewConn returns a connection that reads as text, atATime bytes a read. It has
// only Read.
//
// The middle of a long frame comes in sixteenths of the frame if these are longer:
// nothing can be done with a frame until it is complete, and some readers move what
// they have of it at each read.
func NewConn(text string, atATime int) net.Conn { return &textConn{text: text, atATime: atATime} }

// edge is how many bytes at both ends of a frame always come atATime.
const edge = 1000

type textConn struct {
	net.Conn
	text       string
	atATime    int
	at         int // bytes read
	begin, end int // of the current frame
}

func (c *textConn) Read(b []byte) (int, error) {
	if c.at == len(c.text) {
		return 0, io.EOF
	}
	for c.end <= c.at {
		c.begin, c.end = c.end, len(c.text)
		if rest := c.text[c.begin:]; len(rest) >= 7 {
			size := 8 + int(binary.BigEndian.Uint32([]byte(rest[3:7])))
			c.end = c.begin + min(size, len(rest))
		}
	}
	n := c.atATime
	if middle := c.end - edge - c.at; middle > 0 && c.at >= c.begin+edge {
		n = max(n, min(middle, (c.end-c.begin)/16))
	}
	n = copy(b, c.text[c.at:min(c.at+n, len(c.text))])
	c.at += n
	return n, nil
}
