package protocol

import (
	"encoding/binary"

	"github.com/gorilla/websocket"
)

// AppendFrame appends an unmasked frame with a whole message (RFC 6455 §5.2).
func AppendFrame(dst []byte, opcode byte, payload []byte) []byte {
	return append(appendHead(dst, opcode, len(payload)), payload...)
}

// appendHead appends the header of a frame with a payload of n bytes.
func appendHead(dst []byte, opcode byte, n int) []byte {
	dst = append(dst, finalBit|opcode)
	switch {
	case n < 126:
		return append(dst, byte(n)) //nolint:gosec // just compared
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
}

const (
	finalBit = 0x80
	maskBit  = 0x80
)

// ControlFrame returns the ping or pong that b begins with, its payload, which it unmasks
// in place, and its length. The length is 0 if b begins with anything else, with a part
// of one, or with an invalid one (RFC 6455 §5.2, §5.5).
func ControlFrame(b []byte) (opcode byte, payload []byte, n int) {
	const head = 6 // opcode, length, mask
	if len(b) < head || b[0] != finalBit|websocket.PingMessage && b[0] != finalBit|websocket.PongMessage ||
		b[1] < maskBit || b[1] > maskBit+125 {
		return 0, nil, 0
	}
	n = head + int(b[1]&^maskBit)
	if len(b) < n {
		return 0, nil, 0
	}
	payload = b[head:n]
	for i := range payload {
		payload[i] ^= b[2+i%4]
	}
	return b[0] &^ finalBit, payload, n
}
