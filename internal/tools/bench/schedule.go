package bench

import (
	"sync"
	"sync/atomic"
	"time"
)

// class is the group that a trade's latency counts for. Zero: none.
type class uint8

const (
	classMain class = iota + 1 // all trades, or those before do in measureBystanders
	classDuring
	classBurst
	classConnect
	// Latencies from the server's receipt: the class of the trade plus this.
	sinceReceipt
	classes = sinceReceipt + classDuring + 1
)

// schedule holds the due time and class of each trade. It is safe for concurrent use.
type schedule struct {
	chunks [1 << 12]atomic.Pointer[chunk]

	mu   sync.Mutex
	next serial // guarded by mu
}

// chunk holds, for each trade, the due time in ns times 8 plus the class; 0: no trade.
type chunk [1 << 13]atomic.Int64

// add numbers a trade that is due at a time since the start of the run. It returns
// false if there is no room for more.
func (t *schedule) add(due time.Duration, l class) (serial, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.next
	i := int(n) / len(chunk{})
	if i == len(t.chunks) {
		return 0, false
	}
	c := t.chunks[i].Load()
	if c == nil {
		c = new(chunk)
		t.chunks[i].Store(c)
	}
	c[int(n)%len(c)].Store(int64(due)<<3 | int64(l))
	t.next++
	return n, true
}

// due returns the due time and the class of a trade; the class is 0 if there is no such
// trade.
func (t *schedule) due(n serial) (time.Duration, class) {
	i := int(n) / len(chunk{})
	if i >= len(t.chunks) {
		return 0, 0
	}
	c := t.chunks[i].Load()
	if c == nil {
		return 0, 0
	}
	v := c[int(n)%len(c)].Load()
	return time.Duration(v >> 3), class(v & 7)
}
