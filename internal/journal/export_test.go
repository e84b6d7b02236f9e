package journal

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
