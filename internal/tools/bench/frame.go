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
	// frameBuffer is the initial size of a socket's read buffer, in bytes. It grows
	// for longer frames.
	frameBuffer = 4096
	// maxFrame is the longest accepted frame, in bytes.
	maxFrame = 1 << 20
)

var (
	errFragment = errors.New("fragmented message: the protocol has none")
	errTooLong  = errors.New("frame longer than 1 MiB")
)

// frames parses a server's frames in place: next returns slices of the buffer. One
// goroutine uses it at a time.
type frames struct {
	buf      []byte
	from, to int // the unparsed part of buf
}

// fill reads once from r. Call it only if next returned no frame.
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
		return nil // the next read returns the error again
	}
	return err
}

// next returns the next frame if it was read completely. The payload is valid until
// fill. An error reports a violation of the protocol.
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

// check returns an error if a frame's header is invalid.
func check(first, second byte, size uint64) error {
	switch op := first & 0xf; {
	case first&0x70 != 0:
		return errors.New("frame with reserved bits")
	case second&0x80 != 0:
		return errors.New("masked frame")
	case op == 0 || first&0x80 == 0:
		return errFragment
	case op != opText && op != opClose && op != opPing && op != opPong:
		return fmt.Errorf("frame with opcode %d", op)
	case op >= opClose && size > 125:
		return errors.New("control frame longer than 125 bytes")
	case size > maxFrame:
		return errTooLong
	}
	return nil
}

// appendMasked appends a client's control frame. The mask is zero: masking protects
// against scripts of web pages (RFC 6455 §10.3), which do not use this connection.
func appendMasked(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op, 0x80|byte(len(payload)), 0, 0, 0, 0) //nolint:gosec // at most 125
	return append(dst, payload...)
}
