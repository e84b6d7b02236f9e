package bench

import (
	"sync"
	"sync/atomic"
	"time"
)

// lane is what a trade's latency counts for. The zero lane is none.
type lane uint8

const (
	laneMain lane = iota + 1 // or quiet
	laneDuring
	laneBurst
	laneConnect
	// Those from the server's receipt: the lane of the trade and so many.
	toReceipt
	lanes = toReceipt + laneDuring + 1
)

// table has for each trade when it was to be published, and its lane. Any number
// of goroutines may use it.
type table struct {
	chunks [1 << 12]atomic.Pointer[chunk]

	mu   sync.Mutex
	next serial // guarded by mu
}

// chunk has the due time in ns, times 8, and the lane; 0 where there is no trade.
type chunk [1 << 13]atomic.Int64

// add numbers a trade that is due so long after the run's begin. False: there is
// no room for more.
func (t *table) add(due time.Duration, l lane) (serial, bool) {
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

// due returns when a trade was to be published, and its lane; the lane is 0 where
// there is no such trade.
func (t *table) due(n serial) (time.Duration, lane) {
	i := int(n) / len(chunk{})
	if i >= len(t.chunks) {
		return 0, 0
	}
	c := t.chunks[i].Load()
	if c == nil {
		return 0, 0
	}
	v := c[int(n)%len(c)].Load()
	return time.Duration(v >> 3), lane(v & 7)
}
