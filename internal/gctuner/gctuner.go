// Package gctuner adjusts Go's GC percentage to the amount of live heap and the
// allocation rate of the process. An idle process remains small, and a burst of
// allocations does not cause many collections, which delay events.
package gctuner

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// samplesPerSecond is how often the heap is sampled: a burst must be noticed before it
// has caused several collections.
const samplesPerSecond = 10

// minSpare is how much unused memory, in bytes, is worth returning to the system.
const minSpare = 4 << 20

// Run adjusts the GC percentage until ctx is done, then returns nil. history is the
// maximum size of the journal in bytes. The heap may grow by the garbage of
// garbageSeconds, limited as maxPercent describes. When the percentage decreases, unused
// memory is returned to the system.
func Run(ctx context.Context, history int64) error {
	tick := time.NewTicker(time.Second / samplesPerSecond)
	defer tick.Stop()
	var p percent
	for heap := sample(); ; {
		before := p.current
		most := maxPercent(heap.live, history)
		decreased := p.update(wantedPercent(heap.live, heap.rate, most), most)
		if p.current != before {
			debug.SetGCPercent(p.current)
		}
		if decreased && heap.spare > heap.live/2+minSpare {
			debug.FreeOSMemory()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		allocated := heap.allocated
		heap = sample()
		heap.rate = samplesPerSecond * (heap.allocated - allocated)
	}
}

// heap is the state of the heap, in bytes.
type heap struct {
	live      int64 // after the last collection
	spare     int64 // garbage, and free memory that was not returned to the system
	allocated int64 // since the process started
	rate      int64 // allocated per second
}

// sample returns the current state of the heap without its rate.
func sample() heap {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) int64 { return int64(samples[i].Value.Uint64()) } //nolint:gosec // far below the maximum
	return heap{live: value(0), allocated: value(1), spare: value(2) - value(0) + value(3)}
}
