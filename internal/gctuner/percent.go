package gctuner

// GC percentages: by how many percent of the live heap the heap may grow before a
// collection.
const (
	// fullPercent is the maximum for a process with a full history. Go's default of
	// 100 would double the memory.
	fullPercent = 35
	// highestPercent is the maximum for a process with a small live heap.
	highestPercent = 800
	// lowestPercent is for a process that makes next to no garbage.
	lowestPercent = 15
)

// garbageSeconds is how many seconds of garbage the heap may hold before a collection,
// within the maximum.
const garbageSeconds = 10

// shrinkAfter is how many consecutive samples a lower percentage must suffice before it
// is applied: each change stops the world.
const shrinkAfter = 10 * samplesPerSecond

// minLive is the smallest live heap that Go's collector assumes (A Guide to the Go Garbage
// Collector, "GOGC"), in bytes. It is not reported before the first collection.
const minLive = 4 << 20

// steps returns the percentages that are used, in descending order. There are few of
// them because each change stops the world.
func steps() [9]int {
	return [...]int{highestPercent, 400, 200, 130, 90, 60, fullPercent, 22, lowestPercent}
}

// maxPercent returns the maximum percentage: the heap may grow by fullPercent of the live
// heap or of history bytes, whichever is more.
func maxPercent(live, history int64) int {
	for _, p := range steps() {
		if p > fullPercent && live*int64(p) <= history*fullPercent {
			return p
		}
	}
	return fullPercent
}

// wantedPercent returns the percentage at which the heap holds garbageSeconds of garbage,
// given the allocations per second, and not more than most.
func wantedPercent(live, rate int64, most int) int {
	live = max(live, minLive)
	for _, p := range steps() {
		if p <= most && live*int64(p) <= 100*garbageSeconds*rate {
			return p
		}
	}
	return lowestPercent
}

// percent is the current percentage. It increases at once, and decreases to what sufficed
// for shrinkAfter samples, or at once to its maximum.
type percent struct {
	current int
	lower   int // number of consecutive samples for which less sufficed
	highest int // highest percentage wanted in these samples
}

// update sets the percentage to what is wanted, which must not exceed most. It reports
// whether the percentage decreased because less has sufficed.
func (p *percent) update(wanted, most int) (decreased bool) {
	switch {
	case wanted >= p.current:
		*p = percent{current: wanted}
		return false
	case p.current > most:
		*p = percent{current: most}
		return false
	}
	p.lower, p.highest = p.lower+1, max(p.highest, wanted)
	if p.lower < shrinkAfter {
		return false
	}
	*p = percent{current: p.highest}
	return true
}
