// Package frame reads AMQP 0-9-1 frames as far as ranger needs them: it
// assembles the deliveries of one consumer, and rewrites header tables that
// amqp091-go cannot read. Only Sanitize does I/O: it reads the connection that it
// wraps. Nothing keeps state between connections.
package frame

import "encoding/binary"

const (
	// Max is the largest frame in bytes that ranger agrees to with a broker. It
	// is RabbitMQ's default.
	Max = 128 << 10
	// MaxHeader is the largest content header in bytes. RabbitMQ does not split
	// one: it sends the header that it took from the publisher, which may have
	// agreed to larger frames, and adds the offset.
	MaxHeader = 16 << 20
)

// The layout of a frame (AMQP 0-9-1 §2.3.5): a head of type, channel and payload
// size, the payload, an end octet.
const (
	headSize = 7
	endSize  = 1
	end      = 0xce
)

// The types of frames (AMQP 0-9-1 §2.3.5).
const (
	typeMethod = 1
	typeHeader = 2
	typeBody   = 3
)

// Size returns the size in bytes of the frame at the start of b, its head and
// end included. It reports false if b is too short to contain the size.
func Size(b []byte) (size int, ok bool) {
	if len(b) < headSize {
		return 0, false
	}
	return headSize + int(binary.BigEndian.Uint32(b[3:])) + endSize, true
}

// Oversize reports whether a frame with this head and of this size exceeds the
// limit for its type.
func Oversize(head []byte, size int) bool {
	if head[0] == typeHeader {
		return size > MaxHeader
	}
	return size > Max
}

// payload returns the payload of a whole frame.
func payload(f []byte) []byte { return f[headSize : len(f)-endSize] }
