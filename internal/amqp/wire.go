package amqp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"net"
)

// tidied is a connection on which the header tables of messages that come are
// made fit to be read. A publisher may send a key twice; then RabbitMQ sets its own
// x-stream-offset first, and the library believes the last. And there are tables
// that the library does not read, and ends the connection for: of more than 8192
// entries, or nested; and those that make a frame larger than was agreed on. In a
// stream such a message would come again for ever.
type tidied struct {
	net.Conn
	in   *bufio.Reader
	most int    // the largest frame that is agreed on
	pass int64  // how many bytes are to be handed on as they come
	out  []byte // what is to be handed on before that

	frame, table []byte
	keys         [][]byte
}

func tidy(c net.Conn) *tidied {
	return &tidied{Conn: c, in: bufio.NewReaderSize(c, 32<<10), most: frameMax}
}

// What a frame begins and ends with, and the parts of a content header (AMQP
// 0-9-1 §2.3.5, §4.2.6).
const (
	frameHeadSize   = 7
	frameEndSize    = 1
	frameEnd        = 0xce
	methodFrame     = 1
	contentHeader   = 2
	contentBody     = 3
	contentFixed    = frameHeadSize + 14
	contentTypeFlag = 1 << 15
	encodingFlag    = 1 << 14
	headersFlag     = 1 << 13
)

// frameSize returns the size of the frame that b begins with, if that is there.
func frameSize(b []byte) (size int, ok bool) {
	if len(b) < frameHeadSize {
		return 0, false
	}
	return frameHeadSize + int(binary.BigEndian.Uint32(b[3:])) + frameEndSize, true
}

// largest returns the size of the largest frame of a type that is taken.
func largest(typ byte) int {
	if typ == contentHeader {
		return headerMax
	}
	return frameMax
}

func (c *tidied) Read(p []byte) (int, error) {
	for len(c.out) == 0 && c.pass == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.out) > 0 {
		n := copy(p, c.out)
		c.out = c.out[n:]
		return n, nil
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.pass)])
	c.pass -= int64(n)
	return n, err
}

// next looks at the next frame.
func (c *tidied) next() error {
	head, err := c.in.Peek(frameHeadSize)
	if err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(head[3:])) + frameHeadSize + frameEndSize
	if head[0] != contentHeader || size > headerMax {
		c.pass = size
		return c.heed(head[0], size)
	}
	c.frame = append(c.frame[:0], make([]byte, size)...)
	for read := 0; read < len(c.frame); {
		n, err := c.in.Read(c.frame[read:])
		if read += n; err != nil {
			return err
		}
	}
	c.out = c.tidyFrame(c.frame)
	return nil
}

// What a broker's frame with connection.tune is like (AMQP 0-9-1, class connection),
// and the least size that the library agrees to.
const (
	tuneSize = frameHeadSize + 12 + frameEndSize
	tune     = 10<<16 | 30
	frameMin = 4 << 10
)

// heed notes how large frames may be, where the next one says so.
func (c *tidied) heed(typ byte, size int64) error {
	if typ != methodFrame || size != tuneSize {
		return nil
	}
	frame, err := c.in.Peek(tuneSize)
	if err != nil {
		return err
	}
	method := frame[frameHeadSize:]
	if n := binary.BigEndian.Uint32(method[6:]); n > 0 && binary.BigEndian.Uint32(method) == tune {
		c.most = int(min(frameMax, max(frameMin, n)))
	}
	return nil
}

// tidyFrame returns a content header with its table made fit, or as it is where
// that is not understood.
func (c *tidied) tidyFrame(frame []byte) []byte {
	if len(frame) < contentFixed+frameEndSize {
		return frame
	}
	flags := binary.BigEndian.Uint16(frame[contentFixed-2:])
	at := contentFixed
	for _, flag := range []uint16{contentTypeFlag, encodingFlag} {
		if flags&flag != 0 && at < len(frame) {
			at += 1 + int(frame[at])
		}
	}
	if flags&headersFlag == 0 || at+4 > len(frame) {
		return frame
	}
	end := at + 4 + int(binary.BigEndian.Uint32(frame[at:]))
	if end > len(frame) {
		return frame
	}
	if !c.tidyTable(frame[at+4:end], len(frame) > c.most, c.most-(len(frame)-(end-at-4))) {
		return frame
	}
	out := append([]byte(nil), frame[:at]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.table))) //nolint:gosec // not longer than the frame
	out = append(out, c.table...)
	out = append(out, frame[end:]...)
	binary.BigEndian.PutUint32(out[3:], uint32(len(out)-frameHeadSize-frameEndSize)) //nolint:gosec // as above
	return out
}

// maxHeaders is how many entries of a table are read, and how many a nested one
// may have; maxNested how deep those may be; maxTight how long a value may be, with
// its type, in a table that is too large: it has room for that many, and for a uid.
const (
	maxHeaders = 256
	maxNested  = 8
	maxTight   = 5 + 255
)

// tidyTable writes into c.table what is to be read of a table, for which there is so
// much room, and reports whether that differs from it. The broker's offset is the
// first of its name. For another key that comes twice, or stands for too much, the
// value is true: owners are named otherwise, so that the message is nobody's.
func (c *tidied) tidyTable(table []byte, tight bool, room int) (differs bool) {
	c.table, c.keys = c.table[:0], c.keys[:0]
	for i := 0; len(table) > 0; i++ {
		n, key, fit := entry(table, 0)
		if n == 0 {
			return false
		}
		whole := table[:n]
		table = table[n:]
		again, offset := c.has(key), string(key) == streamOffset
		if again || !fit || tight && n-1-len(key) > maxTight {
			fit, n = false, 1+len(key)+2
		}
		switch {
		case again && offset, i >= maxHeaders && !offset, len(c.table)+n > room:
			differs = true
			continue
		case !fit:
			differs = true
			c.table = append(append(c.table, whole[:1+len(key)]...), 't', 1)
		default:
			c.table = append(c.table, whole...)
		}
		if !again {
			c.keys = append(c.keys, key)
		}
	}
	return differs
}

func (c *tidied) has(key []byte) bool {
	for _, k := range c.keys {
		if bytes.Equal(k, key) {
			return true
		}
	}
	return false
}

// entry returns how long the entry is that a table begins with, 0 where it is
// none, its key, and whether its value is fit to be read.
func entry(table []byte, depth int) (n int, key []byte, fit bool) {
	n = 1 + int(table[0])
	if n > len(table) {
		return 0, nil, false
	}
	size, fit := value(table[n:], depth)
	if size == 0 {
		return 0, nil, false
	}
	return n + size, table[1:n], fit
}

// value is entry for a value with its type.
func value(b []byte, depth int) (n int, fit bool) {
	if len(b) == 0 {
		return 0, false
	}
	n, fit = 1, true
	switch b[0] {
	case 'V':
	case 't', 'b', 'B':
		n += 1
	case 's', 'u':
		n += 2
	case 'I', 'i', 'f':
		n += 4
	case 'D':
		n += 5
	case 'l', 'd', 'T':
		n += 8
	case 'S', 'x', 'A', 'F':
		if len(b) < 5 {
			return 0, false
		}
		n += 4 + int(binary.BigEndian.Uint32(b[1:]))
	default:
		return 0, false
	}
	if n > len(b) {
		return 0, false
	}
	if b[0] == 'A' || b[0] == 'F' {
		fit = fits(b[5:n], b[0] == 'F', depth+1)
	}
	return n, fit
}

// fits tells whether a nested table, or list, is fit to be read.
func fits(b []byte, table bool, depth int) bool {
	for count := 0; len(b) > 0; count++ {
		var n int
		fit := depth < maxNested && count < maxHeaders
		if !fit {
			return false
		}
		if table {
			n, _, fit = entry(b, depth)
		} else {
			n, fit = value(b, depth)
		}
		if n == 0 || !fit {
			return false
		}
		b = b[n:]
	}
	return true
}
