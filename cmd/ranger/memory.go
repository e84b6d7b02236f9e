package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// By how many percent of what is in use the heap may grow before garbage is
// collected.
const (
	// heapGrowth bounds it by HISTORY_MEMORY: Go's own 100 would make twice as much of
	// a full history.
	heapGrowth = 35
	// mostGrowth is for a node with little in use: a collection delays events, and
	// a storm of clients makes much garbage.
	mostGrowth = 200
	// leastGrowth is for a node that makes next to no garbage.
	leastGrowth = 15
)

// collectEvery is how many seconds of garbage the heap takes, where it may, before
// it is collected.
const collectEvery = 10

// boundHeap sets the collector, unless the operator has, until ctx is done: the
// heap may grow by what the process allocates in collectEvery seconds, by
// leastGrowth percent at least, and by heapGrowth percent of what is in use or,
// where that is more, of history bytes at most.
func boundHeap(ctx context.Context, history int64) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var h heap
	for set := 0; ; {
		growth := h.look(history)
		if growth != set {
			debug.SetGCPercent(growth)
		}
		if growth == leastGrowth && set > growth {
			debug.FreeOSMemory() // what a storm took goes back when it is over
		}
		set = growth
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// heap is what was seen of it, once a second.
type heap struct {
	allocated int64 // bytes, since the process began
	rate      int64 // bytes a second: of the last one, or a quarter of what it was
}

// look returns by how many percent the heap may grow for the next second.
func (h *heap) look(history int64) int {
	seen := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(seen)
	inUse, allocated := int64(seen[0].Value.Uint64()), int64(seen[1].Value.Uint64()) //nolint:gosec // far below
	h.rate = max(allocated-h.allocated, h.rate/4)
	h.allocated = allocated
	return growthFor(inUse, h.rate, history)
}

// growthFor returns by how many percent a heap with so many bytes in use may grow
// where so many are allocated in a second: in few steps, since each change stops
// the process for a moment.
func growthFor(inUse, rate, history int64) int {
	for _, growth := range [...]int{mostGrowth, 130, 90, 60, heapGrowth, 22} {
		bounded := growth <= heapGrowth || inUse*int64(growth) <= history*heapGrowth
		if bounded && inUse*int64(growth) <= 100*collectEvery*rate {
			return growth
		}
	}
	return leastGrowth
}
