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
	// a storm of clients makes much garbage, a burst of events much history.
	mostGrowth = 800
	// leastGrowth is for a node that makes next to no garbage.
	leastGrowth = 15
)

// collectEvery is how many seconds of garbage the heap takes, where it may, before
// it is collected.
const collectEvery = 10

// looks is how often a second the heap is looked at: a burst is to be noticed before
// it has been collected for several times.
const looks = 10

// calmAfter is for how many looks less has to do before the heap may grow by less:
// each change stops the process for a moment.
const calmAfter = 10 * looks

// boundHeap sets the collector, unless the operator has, until ctx is done: the
// heap may grow by what the process allocates in collectEvery seconds, by
// leastGrowth percent at least, and by heapGrowth percent of what is in use or,
// where that is more, of history bytes at most. What a storm took goes back to the
// system when it is over.
func boundHeap(ctx context.Context, history int64) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	tick := time.NewTicker(time.Second / looks)
	defer tick.Stop()
	var g growth
	for seen := see(); ; {
		before := g.now
		bound := boundFor(seen.inUse, history)
		calm := g.follow(growthFor(seen.inUse, seen.rate, bound), bound)
		if g.now != before {
			debug.SetGCPercent(g.now)
		}
		if calm && seen.spare > seen.inUse/2+spareEnough {
			debug.FreeOSMemory()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		allocated := seen.allocated
		seen = see()
		seen.rate = looks * (seen.allocated - allocated)
	}
}

// growth is by how many percent the heap may grow. It rises at once, and falls to
// what sufficed for calmAfter, or at once to its bound.
type growth struct {
	now  int
	calm int // for how many looks less sufficed
	most int // what sufficed in these
}

// follow grants what is wished for, which is not above bound. It returns whether less
// has sufficed and will do from now on.
func (g *growth) follow(wish, bound int) (calm bool) {
	switch {
	case wish >= g.now:
		*g = growth{now: wish}
		return false
	case g.now > bound:
		*g = growth{now: bound}
		return false
	}
	g.calm, g.most = g.calm+1, max(g.most, wish)
	if g.calm < calmAfter {
		return false
	}
	*g = growth{now: g.most}
	return true
}

// spareEnough is how many bytes are worth giving back.
const spareEnough = 4 << 20

// heap is what is seen of it, in bytes.
type heap struct {
	inUse     int64 // the last collection left it
	spare     int64 // garbage, and what is free and the process' still
	allocated int64 // since the process began
	rate      int64 // of that, a second
}

func see() heap {
	seen := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(seen)
	value := func(i int) int64 { return int64(seen[i].Value.Uint64()) } //nolint:gosec // far below
	return heap{inUse: value(0), allocated: value(1), spare: value(2) - value(0) + value(3)}
}

// steps are the percentages there are, falling: few, since each change stops the
// process for a moment.
func steps() [9]int { return [...]int{mostGrowth, 400, 200, 130, 90, 60, heapGrowth, 22, leastGrowth} }

// boundFor returns by how many percent at most a heap may grow that has so many bytes
// in use.
func boundFor(inUse, history int64) int {
	for _, growth := range steps() {
		if growth > heapGrowth && inUse*int64(growth) <= history*heapGrowth {
			return growth
		}
	}
	return heapGrowth
}

// leastHeap is how many bytes in use Go's collector reckons with at least (A Guide to
// the Go Garbage Collector, "GOGC"). Before the first collection none are told.
const leastHeap = 4 << 20

// growthFor returns by how many percent a heap with so many bytes in use may grow where
// so many are allocated in a second, which is not above bound.
func growthFor(inUse, rate int64, bound int) int {
	inUse = max(inUse, leastHeap)
	for _, growth := range steps() {
		if growth <= bound && inUse*int64(growth) <= 100*collectEvery*rate {
			return growth
		}
	}
	return leastGrowth
}
