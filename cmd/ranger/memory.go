package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// heapGrowth is by how many percent of what is in use the heap may grow before
// garbage is collected. Go's own 100 would make of HISTORY_MEMORY twice as much.
const heapGrowth = 35

// mostGrowth is what a node with little in use may grow by, in percent: a
// collection delays events, and a storm of clients makes much garbage.
const mostGrowth = 200

// boundHeap sets the collector, unless the operator has, until ctx is done: the
// heap may grow by heapGrowth percent of what is in use or, where that is more, of
// history bytes.
func boundHeap(ctx context.Context, history int64) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for set := 0; ; {
		if growth := growthFor(inUse(), history); growth != set {
			set = growth
			debug.SetGCPercent(growth)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// growthFor returns by how many percent a heap with so many bytes in use may
// grow, in a few steps.
func growthFor(inUse, history int64) int {
	for growth := mostGrowth; growth > heapGrowth; growth -= heapGrowth {
		if inUse*int64(growth) <= history*heapGrowth {
			return growth
		}
	}
	return heapGrowth
}

// inUse returns how many bytes the last collection left.
func inUse() int64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return int64(live[0].Value.Uint64()) //nolint:gosec // far below
}
