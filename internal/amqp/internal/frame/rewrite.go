package frame

import "bytes"

// maxShrunk is how long a value may be, with its type octet, in a table that has
// to shrink: maxEntries of them fit into a frame, and a uid fits into one.
const maxShrunk = 5 + 255

// table is a header table that is being rewritten. It is used again for the next.
type table struct {
	entries []byte
	keys    [][]byte
}

// rewrite writes into t what of a table the library can read, at most room bytes
// of it, and reports whether that differs from the table. It reports false if the
// table is malformed. If shrink is set, long values are dropped.
//
// The first offset counts, as in Delivery.Offset. The value of any other key that
// occurs twice, or whose value is not readable or too long, becomes true: that
// never names an owner, so the message is not delivered.
func (t *table) rewrite(from []byte, shrink bool, room int) (differs bool) {
	t.entries, t.keys = t.entries[:0], t.keys[:0]
	for i := 0; len(from) > 0; i++ {
		size, key, keep := entry(from, 0)
		if size == 0 {
			return false
		}
		whole := from[:size]
		from = from[size:]
		duplicate, offset := t.has(key), string(key) == OffsetHeader
		if duplicate || !keep || shrink && size-1-len(key) > maxShrunk {
			keep, size = false, 1+len(key)+2
		}
		switch {
		case duplicate && offset, i >= maxEntries && !offset, len(t.entries)+size > room:
			differs = true
			continue
		case !keep:
			differs = true
			t.entries = append(append(t.entries, whole[:1+len(key)]...), 't', 1)
		default:
			t.entries = append(t.entries, whole...)
		}
		if !duplicate {
			t.keys = append(t.keys, key)
		}
	}
	return differs
}

// has reports whether an entry with this key was written.
func (t *table) has(key []byte) bool {
	for _, k := range t.keys {
		if bytes.Equal(k, key) {
			return true
		}
	}
	return false
}
