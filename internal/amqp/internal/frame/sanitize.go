package frame

import (
	"bufio"
	"encoding/binary"
	"net"
)

// Sanitize returns a connection whose Read rewrites content headers that
// amqp091-go cannot read, and passes everything else on unchanged. A publisher may
// send a key twice: RabbitMQ puts its own x-stream-offset first, and the library
// keeps the last one. And the library ends the connection at tables with more than
// 8192 entries, at deeply nested ones, and at frames larger than was negotiated. In
// a stream such a message would be delivered again after every reconnect.
//
// One goroutine may read at a time.
func Sanitize(c net.Conn) net.Conn {
	return &sanitizer{Conn: c, in: bufio.NewReaderSize(c, 32<<10), maxFrame: Max}
}

// sanitizer is the connection that Sanitize returns.
type sanitizer struct {
	net.Conn
	in       *bufio.Reader
	maxFrame int    // the largest frame in bytes, as negotiated
	pass     int64  // bytes to pass on as they come
	out      []byte // bytes to pass on before those

	frame []byte // a content header
	table table  // its rewritten table
}

// Read reads what is left of a frame, or the next frame.
func (s *sanitizer) Read(p []byte) (int, error) {
	for len(s.out) == 0 && s.pass == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	if len(s.out) > 0 {
		n := copy(p, s.out)
		s.out = s.out[n:]
		return n, nil
	}
	n, err := s.in.Read(p[:min(int64(len(p)), s.pass)])
	s.pass -= int64(n)
	return n, err
}

// next looks at the head of the next frame; it reads a content header as a whole.
func (s *sanitizer) next() error {
	head, err := s.in.Peek(headSize)
	if err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(head[3:])) + headSize + endSize
	if head[0] != typeHeader || size > MaxHeader {
		s.pass = size
		return s.observeTune(head[0], size)
	}
	s.frame = append(s.frame[:0], make([]byte, size)...)
	for read := 0; read < len(s.frame); {
		n, err := s.in.Read(s.frame[read:])
		if read += n; err != nil {
			return err
		}
	}
	s.out = s.sanitize(s.frame)
	return nil
}

// The size and the class and method of connection.tune, and the smallest frame
// size that the library agrees to (AMQP 0-9-1, class connection).
const (
	tuneSize = headSize + 12 + endSize
	tune     = 10<<16 | 30
	minMax   = 4 << 10
)

// observeTune sets maxFrame if the next frame is the broker's connection.tune.
func (s *sanitizer) observeTune(typ byte, size int64) error {
	if typ != typeMethod || size != tuneSize {
		return nil
	}
	frame, err := s.in.Peek(tuneSize)
	if err != nil {
		return err
	}
	method := frame[headSize:]
	if n := binary.BigEndian.Uint32(method[6:]); n > 0 && binary.BigEndian.Uint32(method) == tune {
		s.maxFrame = int(min(Max, max(minMax, n)))
	}
	return nil
}

// sanitize returns a content header with a table that the library can read. It
// returns the frame unchanged if nothing is wrong with the table, or if the frame
// is malformed.
func (s *sanitizer) sanitize(frame []byte) []byte {
	const fixed = headSize + propertiesAt
	if len(frame) < fixed+endSize {
		return frame
	}
	flags := binary.BigEndian.Uint16(frame[fixed-2:])
	at := fixed
	for _, flag := range []uint16{flagContentType, flagEncoding} { // short strings before the table
		if flags&flag != 0 && at < len(frame) {
			at += 1 + int(frame[at])
		}
	}
	if flags&flagHeaders == 0 || at+4 > len(frame) {
		return frame
	}
	end := at + 4 + int(binary.BigEndian.Uint32(frame[at:]))
	if end > len(frame) {
		return frame
	}
	room := s.maxFrame - (len(frame) - (end - at - 4))
	if !s.table.rewrite(frame[at+4:end], len(frame) > s.maxFrame, room) {
		return frame
	}
	out := append([]byte(nil), frame[:at]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(s.table.entries))) //nolint:gosec // not longer than the frame
	out = append(out, s.table.entries...)
	out = append(out, frame[end:]...)
	binary.BigEndian.PutUint32(out[3:], uint32(len(out)-headSize-endSize)) //nolint:gosec // not longer than the frame
	return out
}
