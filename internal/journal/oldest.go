package journal

import "slices"

// oldest finds the log that holds the oldest entry of all. It has each log that
// holds entries once, in a heap by what its oldest entry is, or was: logs drop
// entries by their own bound without a word.
type oldest []head

// head is where a log begins, or began.
type head struct {
	offset uint64 // of no entry younger than the log's oldest
	log    *userLog
}

// spareHeads is how much room is no reason to let go of it.
const spareHeads = 256

// push adds a log whose only entry is the newest of all.
func (o *oldest) push(l *userLog) {
	*o = append(*o, head{l.entries.oldest().Offset, l}) // its place in the heap is the last
}

// log returns the log with the oldest entry, nil where no log holds any.
func (o *oldest) log() *userLog {
	for len(*o) > 0 {
		first := &(*o)[0]
		entries := &first.log.entries
		switch {
		case entries.len() == 0:
			o.pop()
		case entries.oldest().Offset != first.offset:
			first.offset = entries.oldest().Offset
			o.down(0)
		default:
			return first.log
		}
	}
	return nil
}

// pop takes the first log out.
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

// retain takes out the logs that hold nothing.
func (o *oldest) retain() {
	*o = slices.DeleteFunc(*o, func(h head) bool { return h.log.entries.len() == 0 })
	for i := len(*o)/2 - 1; i >= 0; i-- {
		o.down(i)
	}
}

// down puts the head at i where it belongs among those below it.
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
