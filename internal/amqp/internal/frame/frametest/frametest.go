// Package frametest builds AMQP 0-9-1 frames for tests, and has a broker that
// serves them. Only tests import it.
package frametest

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Consumer is a consumer tag for tests that need a fixed one.
const Consumer = "the consumer"

// Heartbeat is a heartbeat frame.
const Heartbeat = "\x08\x00\x00\x00\x00\x00\x00\xce"

// Frame returns a frame on a channel.
func Frame(typ byte, channel uint16, payload []byte) string {
	b := binary.BigEndian.AppendUint16([]byte{typ}, channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return string(append(append(b, payload...), 0xce))
}

// Method returns the frame of a method with encoded arguments.
func Method(channel uint16, class, method byte, args string) string {
	return Frame(1, channel, append([]byte{0, class, 0, method}, args...))
}

// ShortString encodes a text of up to 255 bytes.
func ShortString(s string) string { return string([]byte{byte(len(s))}) + s }

// Deliver returns the frame of a basic.deliver to a consumer.
func Deliver(channel uint16, consumer string, tag uint64, redelivered byte, exchange string) string {
	b := binary.BigEndian.AppendUint64([]byte(ShortString(consumer)), tag)
	return Method(channel, 60, 60, string(append(b, redelivered))+ShortString(exchange)+ShortString("key"))
}

// NoProperties are the encoded properties of a message that has none.
const NoProperties = "\x00\x00"

// Properties returns the encoded properties of a message that has all of them,
// with the entries of a header table, a message_id and a type.
func Properties(table, id, typ string) string {
	b := append([]byte{0xff, 0xfc}, ShortString("application/json")+ShortString("utf-8")...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(table))), table...)
	b = append(b, 2, 5)
	b = append(b, ShortString("correlation")+ShortString("reply")+ShortString("9000")+ShortString(id)...)
	b = append(b, 0, 0, 0, 0, 1, 2, 3, 4)
	return string(append(b, ShortString(typ)+ShortString("user")+ShortString("app")+ShortString("cluster")...))
}

// Header returns the frame of a content header, for a body of this size in bytes.
func Header(channel uint16, size int, properties string) string {
	b := binary.BigEndian.AppendUint64([]byte{0, 60, 0, 0}, uint64(size))
	return Frame(2, channel, append(b, properties...))
}

// Body returns the frame of a body, or of a part of one.
func Body(channel uint16, text string) string { return Frame(3, channel, []byte(text)) }

// Message returns all frames of a message to a consumer, on channel 7, whose body
// is split into pieces of this size in bytes. Its message_id is its tag.
func Message(consumer string, tag uint64, table, body string, piece int) string {
	var all strings.Builder
	all.WriteString(Deliver(7, consumer, tag, 0, "orders") + Header(7, len(body), Properties(table, strconv.FormatUint(tag, 10), "type")))
	for len(body) > 0 {
		n := min(piece, len(body))
		all.WriteString(Body(7, body[:n]))
		body = body[n:]
	}
	return all.String()
}

// OffsetEntry returns the entry of a header table that RabbitMQ adds in a stream.
func OffsetEntry(offset uint64) string {
	return ShortString("x-stream-offset") + "l" + string(binary.BigEndian.AppendUint64(nil, offset))
}

// TextEntry returns an entry of a header table whose value is a text.
func TextEntry(key, text string) string { return ShortString(key) + "S" + longString(text) }

// TextEntries returns entries with different keys, whose values have this size in
// bytes.
func TextEntries(count, size int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString(TextEntry(fmt.Sprintf("k%d.%d", size, i), strings.Repeat("x", size)))
	}
	return b.String()
}

func longString(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}
