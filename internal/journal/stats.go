package journal

import "time"

// Stats is what the window holds at one instant.
type Stats struct {
	// Messages is how many messages of the stream the spine holds.
	Messages int
	// Entries is how many events all logs hold, Bytes what they and the spine are
	// reckoned to take of Config.Memory.
	Entries int
	Bytes   int64
	// Evicted counts the entries dropped by Size or Memory since the start.
	Evicted uint64
	// Floor is the offset from which on no event is missing, but for users
	// whose own log was full.
	Floor uint64
	// Last is the newest message's position, where Messages is not 0.
	Last Position
	// Age is how long ago the oldest message held was read.
	Age time.Duration
}

// Stats returns what the window holds.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := Stats{
		Messages: j.spine.messages,
		Entries:  j.entries,
		Bytes:    j.bytes + j.spine.bytes(),
		Evicted:  j.evicted,
		Floor:    j.floor,
	}
	if s.Messages > 0 {
		s.Last, _ = j.spine.last()
		s.Age = max(0, time.Since(time.UnixMilli(j.spine.segments[0].at)))
	}
	return s
}
