package frame

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"ranger/internal/event"
)

// OffsetHeader is the header in which RabbitMQ sends a message's offset in its
// stream, and the consumer argument for the offset to start at (RabbitMQ,
// "Streams").
const OffsetHeader = "x-stream-offset"

// Delivery is one message as the broker delivered it. Its byte slices refer to
// the frames that it was read from, unless Own has copied them.
type Delivery struct {
	Tag         uint64
	Redelivered bool
	// Check is the event.Check of the whole body.
	Check     uint32
	Exchange  []byte
	MessageID []byte
	Type      []byte
	// Headers are the entries of the header table (AMQP 0-9-1 §4.2.5.5), unless
	// amqp091-go has read it: then Table has them.
	Headers []byte
	Table   event.Table
	// Body is the body, truncated to what the Assembler keeps.
	Body []byte
}

// Own copies the byte slices of d except the body, so that they outlive the
// frames.
func (d *Delivery) Own() {
	parts := [...]*[]byte{&d.Exchange, &d.MessageID, &d.Type, &d.Headers}
	all := bytes.Join([][]byte{d.Exchange, d.MessageID, d.Type, d.Headers}, nil)
	for _, p := range parts {
		n := len(*p)
		*p, all = all[:n:n], all[n:]
	}
}

// Offset returns the offset of d in its stream, and whether it has one. The first
// header of that name counts: it is the broker's, and a publisher may have sent
// another.
func (d *Delivery) Offset() (uint64, bool) {
	if d.Table != nil {
		if n, ok := d.Table[OffsetHeader].(int64); ok && n >= 0 {
			return uint64(n), true
		}
		return 0, false
	}
	for table := d.Headers; len(table) > 0; {
		n, key, _ := entry(table, 0)
		if n == 0 {
			break
		}
		if string(key) == OffsetHeader {
			value := table[1+len(key) : n]
			if value[0] != 'l' || value[1]&0x80 != 0 {
				break
			}
			return binary.BigEndian.Uint64(value[1:]), true
		}
		table = table[n:]
	}
	return 0, false
}

// Header returns the header of that name. It looks at the first maxEntries
// entries, as many as Sanitize keeps. A header that occurs twice, or may be in a
// part of the table that cannot be read, is event.OtherHeader: that never names
// an owner, so the message is not delivered.
func (d *Delivery) Header(name string) (h event.Header) {
	if d.Table != nil {
		return d.Table.Header(name)
	}
	found := false
	table := d.Headers
	for i := 0; i < maxEntries && len(table) > 0; i++ {
		n, key, _ := entry(table, 0)
		if n == 0 {
			return event.Header{Kind: event.OtherHeader}
		}
		if string(key) == name {
			if found {
				return event.Header{Kind: event.OtherHeader}
			}
			found, h = true, headerOf(table[1+len(key):n])
		}
		table = table[n:]
	}
	return h
}

// headerOf returns the header with a value, whose first byte is its type.
func headerOf(value []byte) event.Header {
	b := value[1:]
	switch value[0] {
	case 'V':
		return event.Header{}
	case 'S':
		return event.Header{Kind: event.TextHeader, Text: b[4:]}
	case 'b':
		return event.IntegerOf(int64(int8(b[0]))) //nolint:gosec // that is the type
	case 's':
		return event.IntegerOf(int64(int16(binary.BigEndian.Uint16(b)))) //nolint:gosec // that is the type
	case 'I':
		return event.IntegerOf(int64(int32(binary.BigEndian.Uint32(b)))) //nolint:gosec // that is the type
	case 'l':
		return event.IntegerOf(int64(binary.BigEndian.Uint64(b))) //nolint:gosec // that is the type
	case 'B':
		return event.IntegerOf(int64(b[0]))
	case 'u':
		return event.IntegerOf(int64(binary.BigEndian.Uint16(b)))
	case 'i':
		return event.IntegerOf(int64(binary.BigEndian.Uint32(b)))
	default:
		return event.Header{Kind: event.OtherHeader}
	}
}

// EncodedHeaders returns bytes that are equal for equal headers.
func (d *Delivery) EncodedHeaders() []byte {
	if d.Table != nil {
		return fmt.Append(nil, map[string]any(d.Table)) // sorted by key
	}
	return d.Headers
}
