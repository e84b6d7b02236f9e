package journal

import "unsafe"

// Logs returns the number of logs.
func (j *Journal) Logs() int {
	n := 0
	for i := range j.shards {
		s := &j.shards[i]
		s.mu.Lock()
		n += len(s.logs)
		s.mu.Unlock()
	}
	return n
}

// Heads returns how many logs the heap of oldest entries has, and its capacity.
func (j *Journal) Heads() (n, room int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.oldest), cap(j.oldest)
}

// IndexBytes returns the estimated memory of the checksum index.
func (j *Journal) IndexBytes() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.bytes()
}

// Ring is a ring of numbers, with slots as large as those of entries.
type Ring struct{ r ring[slot] }

type slot struct {
	n int
	_ [unsafe.Sizeof(Entry{}) - unsafe.Sizeof(0)]byte
}

// Push, Pop, PopNewest, At, Len and Slots call the methods of the ring.
func (r *Ring) Push(n int) uint64 { return r.r.push(slot{n: n}) }

func (r *Ring) Pop() int { return r.r.pop().n }

func (r *Ring) PopNewest() int { return r.r.popNewest().n }

func (r *Ring) At(number uint64) int { return r.r.at(number).n }

func (r *Ring) Len() int { return r.r.len() }

func (r *Ring) Slots() int { return len(r.r.slots) }

// Constants of the estimates and bounds.
const (
	EntryCost   = entryCost
	LogCost     = logCost
	MessageCost = messageCost
	SegmentCost = segmentCost
	SegmentSize = segmentSize
	SegmentSpan = segmentSpan
	LookBack    = lookBack
	MaxGaps     = maxGaps
)
