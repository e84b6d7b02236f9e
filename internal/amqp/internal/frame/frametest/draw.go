package frametest

import (
	"encoding/binary"
	"math"
	"strings"

	"pgregory.net/rapid"

	"ranger/internal/amqp/internal/frame"
)

// OwnerHeaders returns the names of the headers that ranger reads.
func OwnerHeaders() []string {
	return []string{"member_uid", "member_id", "ask_member_uid", "ask_member_id", "bid_member_uid", "bid_member_id"}
}

// DrawMessages draws the frames of some messages to a consumer, with headers of all
// types, bodies in several frames, and heartbeats between them.
func DrawMessages(t *rapid.T, consumer string) string {
	var b strings.Builder
	for tag := range rapid.IntRange(1, 5).Draw(t, "messages") {
		body := strings.Repeat("body ", rapid.SampledFrom([]int{0, 1, 100, 1000, 20_000}).Draw(t, "size"))
		exchange := rapid.SampledFrom([]string{"", "orders"}).Draw(t, "exchange")
		b.WriteString(Deliver(1, consumer, uint64(tag), byte(tag&1), exchange))
		if rapid.Bool().Draw(t, "heartbeat") {
			b.WriteString(Heartbeat)
		}
		properties := Properties(drawTable(t), rapid.StringN(0, 20, 40).Draw(t, "id"), "type")
		if rapid.Bool().Draw(t, "no properties") {
			properties = NoProperties
		}
		b.WriteString(Header(1, len(body), properties))
		for len(body) > 0 {
			n := min(len(body), rapid.IntRange(1, frame.Max-8).Draw(t, "piece"))
			b.WriteString(Body(1, body[:n]))
			body = body[n:]
		}
	}
	return b.String()
}

// drawTable draws the entries of a table: the broker's own first, then those of a
// publisher, some of which occur twice.
func drawTable(t *rapid.T) string {
	var table strings.Builder
	table.WriteString(rapid.SampledFrom([]string{"", OffsetEntry(7), OffsetEntry(1<<53 - 1)}).Draw(t, "offset"))
	names := append(OwnerHeaders(), "x-stream-offset", "", "market")
	for range rapid.IntRange(0, 6).Draw(t, "entries") {
		table.WriteString(ShortString(rapid.SampledFrom(names).Draw(t, "name")) + drawValue(t, 0))
	}
	return table.String()
}

// drawValue draws a value with its type.
func drawValue(t *rapid.T, depth int) string {
	types := "VtbBsuIifldDTSxAF"
	if depth == 2 {
		types = types[:len(types)-2]
	}
	typ := types[rapid.IntRange(0, len(types)-1).Draw(t, "type")]
	bits := rapid.SampledFrom([]uint64{0, 1, 11, 0x80 << 56, math.MaxUint64, 0x7fffffff80000000}).Draw(t, "bits")
	fixed := string(binary.BigEndian.AppendUint64(nil, bits))
	value := ""
	switch typ {
	case 't':
		value = string([]byte{byte(bits & 1)})
	case 'b', 'B':
		value = fixed[:1]
	case 's', 'u':
		value = fixed[:2]
	case 'I', 'i', 'f':
		value = fixed[:4]
	case 'D':
		value = fixed[:5]
	case 'l', 'd', 'T':
		value = fixed
	case 'S', 'x':
		value = longString(rapid.SampledFrom([]string{"", "ID092B2AF8E87", "11", " ", "a\xff"}).Draw(t, "text"))
	case 'A':
		value = longString(drawValue(t, depth+1))
	case 'F':
		value = longString(ShortString("member_uid") + drawValue(t, depth+1))
	}
	return string(typ) + value
}
