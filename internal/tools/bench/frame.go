package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Opcodes (RFC 6455 §5.2).
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xa
)

const (
	// frameBuffer is what a socket reads into, in bytes. A longer frame makes it
	// grow.
	frameBuffer = 4096
	// maxFrame is the longest frame that is taken.
	maxFrame = 1 << 20
)

var (
	errFragment = errors.New("a message in fragments, which the protocol does not have")
	errTooLong  = errors.New("a frame of over 1 MiB")
)

// frames reads a server's frames in place: what next returns stands in the
// buffer. It is owned by one goroutine.
type frames struct {
	buf      []byte
	from, to int // what was read and not taken yet
}

// fill reads once from r. It must be called only when next has nothing.
func (f *frames) fill(r io.Reader) error {
	switch {
	case f.buf == nil:
		f.buf = make([]byte, frameBuffer)
	case f.from == f.to:
		f.from, f.to = 0, 0
	case f.to == len(f.buf) && f.from == 0:
		f.buf = append(f.buf, make([]byte, len(f.buf))...)
	case f.to == len(f.buf):
		f.to = copy(f.buf, f.buf[f.from:f.to])
		f.from = 0
	}
	n, err := r.Read(f.buf[f.to:])
	f.to += n
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// next returns the next frame, if all of it was read. The payload is good until
// fill. An error says that the server does not keep to the protocol.
func (f *frames) next() (op byte, payload []byte, ok bool, err error) {
	b := f.buf[f.from:f.to]
	if len(b) < 2 {
		return 0, nil, false, nil
	}
	op = b[0] & 0xf
	head, size := 2, uint64(b[1])
	switch size {
	case 126:
		head = 4
		if len(b) < head {
			return 0, nil, false, nil
		}
		size = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		head = 10
		if len(b) < head {
			return 0, nil, false, nil
		}
		size = binary.BigEndian.Uint64(b[2:])
	}
	if err := check(b[0], b[1], size); err != nil {
		return 0, nil, false, err
	}
	end := head + int(size) //nolint:gosec // at most maxFrame
	if len(b) < end {
		return 0, nil, false, nil
	}
	f.from += end
	return op, b[head:end], true, nil
}

// check tells what is wrong with a frame's head.
func check(first, second byte, size uint64) error {
	switch op := first & 0xf; {
	case first&0x70 != 0:
		return errors.New("a frame with reserved bits")
	case second&0x80 != 0:
		return errors.New("a masked frame")
	case op == 0 || first&0x80 == 0:
		return errFragment
	case op != opText && op != opClose && op != opPing && op != opPong:
		return fmt.Errorf("a frame with the opcode %d", op)
	case op >= opClose && size > 125:
		return errors.New("a control frame of over 125 bytes")
	case size > maxFrame:
		return errTooLong
	}
	return nil
}

// appendMasked appends a client's control frame. The mask is zeros: it hides
// nothing on a connection of ours (RFC 6455 §10.3 is about scripts of others).
func appendMasked(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op, 0x80|byte(len(payload)), 0, 0, 0, 0) //nolint:gosec // at most 125
	return append(dst, payload...)
}
