package journal

import "unsafe"

// Logs returns how many users' logs j holds.
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

// Few returns how many wakers may work on the goroutine that appends before a Pause.
func (j *Journal) Few() int { return j.later.few }

// FewFor returns it for so many processors.
func FewFor(procs int) int { return fewFor(procs) }

// Heads returns how many logs stand in the heap of all that hold entries, and
// how much room it has.
func (j *Journal) Heads() (n, room int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.oldest), cap(j.oldest)
}

// SpineBytes returns what the spine is reckoned to take.
func (j *Journal) SpineBytes() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spine.bytes()
}

// Ring is a ring of numbers, each in a slot as large as an entry's.
type Ring struct{ r ring[slot] }

type slot struct {
	n int
	_ [unsafe.Sizeof(Entry{}) - unsafe.Sizeof(0)]byte
}

// Push, Pop, PopNewest, At, Len and Slots are the ring's own.
func (r *Ring) Push(n int) uint64 { return r.r.push(slot{n: n}) }

func (r *Ring) Pop() int { return r.r.pop().n }

func (r *Ring) PopNewest() int { return r.r.popNewest().n }

func (r *Ring) At(number uint64) int { return r.r.at(number).n }

func (r *Ring) Len() int { return r.r.len() }

func (r *Ring) Slots() int { return len(r.r.slots) }

// What the journal reckons with.
const (
	EntryCost   = entryCost
	LogCost     = logCost
	MessageCost = messageCost
	SegmentCost = segmentCost
	SegmentSize = segmentSize
	SegmentSpan = segmentSpan
	LookBack    = lookBack
	MaxGaps     = maxGaps
	Fewest      = fewest
	CursorSize  = unsafe.Sizeof(Cursor{})
)
