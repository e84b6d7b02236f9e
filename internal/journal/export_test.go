package journal

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

// Queue returns how many places the queue of all entries takes.
func (j *Journal) Queue() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.queue.len()
}

// Ring is a ring of numbers.
type Ring struct{ ring[int] }

// Push, Pop, Len and Slots are the ring's own.
func (r *Ring) Push(n int) uint64 { return r.push(n) }

func (r *Ring) Pop() int { return r.pop() }

func (r *Ring) Len() int { return r.len() }

func (r *Ring) Slots() int { return len(r.slots) }

// What the journal reckons with.
const (
	EntryCost   = entryCost
	SpareQueue  = spareQueue
	SegmentSize = segmentSize
)
