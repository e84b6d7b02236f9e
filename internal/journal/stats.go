package journal

import "time"

// Stats is what the window holds at one instant.
type Stats struct {
	// Messages is the number of messages in the checksum index.
	Messages int
	// Entries is the number of entries in all logs; Bytes is the estimated memory of
	// the logs and the index, of Config.Memory.
	Entries int
	Bytes   int64
	// Evicted counts the entries dropped by Size or Memory since the start.
	Evicted uint64
	// CompleteFrom is the offset from which on no event is missing, except for users
	// with a log that was full.
	CompleteFrom uint64
	// Last is the newest message's position, if Messages is not 0.
	Last Position
	// Age is the time since the oldest message was read.
	Age time.Duration
}

// Stats returns what the window holds.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := Stats{
		Messages:     j.index.messages,
		Entries:      j.entries,
		Bytes:        j.bytes + j.index.bytes(),
		Evicted:      j.evicted,
		CompleteFrom: j.completeFrom,
	}
	if s.Messages > 0 {
		s.Last, _ = j.index.last()
		s.Age = max(0, time.Since(time.UnixMilli(j.index.segments[0].at)))
	}
	return s
}
