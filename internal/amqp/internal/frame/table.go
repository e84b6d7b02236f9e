package frame

import "encoding/binary"

const (
	// maxEntries is how many entries of a header table are read, and how many a
	// nested table or list may have. amqp091-go ends the connection above 8192.
	maxEntries = 256
	// maxDepth is how deep tables and lists may nest.
	maxDepth = 8
)

// entry returns the size in bytes of the entry at the start of a table (AMQP
// 0-9-1 §4.2.5.5), its key, and whether amqp091-go can read its value. The size is
// 0 if the entry is malformed.
func entry(table []byte, depth int) (size int, key []byte, readable bool) {
	size = 1 + int(table[0])
	if size > len(table) {
		return 0, nil, false
	}
	n, readable := value(table[size:], depth)
	if n == 0 {
		return 0, nil, false
	}
	return size + n, table[1:size], readable
}

// value returns the size in bytes of the value at the start of b, its type octet
// included, and whether amqp091-go can read it. The size is 0 if the value is
// malformed. Types are those of RabbitMQ (its "AMQP 0-9-1 Errata", table 3).
func value(b []byte, depth int) (size int, readable bool) {
	if len(b) == 0 {
		return 0, false
	}
	size, readable = 1, true
	switch b[0] {
	case 'V':
	case 't', 'b', 'B':
		size += 1
	case 's', 'u':
		size += 2
	case 'I', 'i', 'f':
		size += 4
	case 'D':
		size += 5
	case 'l', 'd', 'T':
		size += 8
	case 'S', 'x', 'A', 'F':
		if len(b) < 5 {
			return 0, false
		}
		size += 4 + int(binary.BigEndian.Uint32(b[1:]))
	default:
		return 0, false
	}
	if size > len(b) {
		return 0, false
	}
	if b[0] == 'A' || b[0] == 'F' {
		readable = nestedReadable(b[5:size], b[0] == 'F', depth+1)
	}
	return size, readable
}

// nestedReadable reports whether amqp091-go can read the entries of a nested table,
// or the values of a list.
func nestedReadable(b []byte, table bool, depth int) bool {
	if depth >= maxDepth && len(b) > 0 {
		return false
	}
	for count := 0; len(b) > 0; count++ {
		if count >= maxEntries {
			return false
		}
		var n int
		var readable bool
		if table {
			n, _, readable = entry(b, depth)
		} else {
			n, readable = value(b, depth)
		}
		if n == 0 || !readable {
			return false
		}
		b = b[n:]
	}
	return true
}
