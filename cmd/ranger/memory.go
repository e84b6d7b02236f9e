package main

import (
	"os"
	"runtime/debug"
)

// heapGrowth is by how many percent of what is in use the heap may grow before
// garbage is collected. Go's own 100 would make of HISTORY_MEMORY twice as much.
const heapGrowth = 40

// boundHeap sets the collector, unless the operator has.
func boundHeap() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}
