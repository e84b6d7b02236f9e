package journal

import "slices"

// oldest finds the log that holds the oldest entry of all. It is a heap that has each
// log with entries once, ordered by the offset of its oldest entry. That offset may
// be out of date: logs also drop entries by their bound.
type oldest []head

// head is the beginning of a log.
type head struct {
	offset uint64 // at most the offset of the log's oldest entry
	log    *userLog
}

// spareHeads is the spare room, in heads, that is kept.
const spareHeads = 256

// push adds a log with one entry, the newest of all: it belongs at the end.
func (o *oldest) push(l *userLog) {
	*o = append(*o, head{l.entries.Oldest().Offset, l})
}

// log returns the log with the oldest entry, nil if no log has any.
func (o *oldest) log() *userLog {
	for len(*o) > 0 {
		first := &(*o)[0]
		entries := &first.log.entries
		switch {
		case entries.Len() == 0:
			o.pop()
		case entries.Oldest().Offset != first.offset:
			first.offset = entries.Oldest().Offset
			o.down(0)
		default:
			return first.log
		}
	}
	return nil
}

// pop removes the first log.
func (o *oldest) pop() {
	h := *o
	end := len(h) - 1
	h[0], h[end] = h[end], head{}
	*o = h[:end]
	o.down(0)
	if cap(h) > 2*end+spareHeads {
		*o = slices.Clone(*o)
	}
}

// removeEmpty removes the logs without entries.
func (o *oldest) removeEmpty() {
	*o = slices.DeleteFunc(*o, func(h head) bool { return h.log.entries.Len() == 0 })
	for i := len(*o)/2 - 1; i >= 0; i-- {
		o.down(i)
	}
}

// down moves the head at i down to its place in the heap.
func (o *oldest) down(i int) {
	h := *o
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].offset < h[least].offset {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
