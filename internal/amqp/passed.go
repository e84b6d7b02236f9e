package amqp

import (
	"slices"
	"sync"

	"ranger/internal/event"
)

// remembered is how many messages of an exchange are remembered: more than it can
// route between two looks and the marker that follows. What a busy one's witness got
// while it was being unbound is heard at the next look.
const remembered = 1 << 18

// passed remembers what was read of late, for each exchange, so that the lookout
// can tell whether what a witness has heard came into the stream. Its zero value
// is ready for use; it is safe for concurrent use.
type passed struct {
	mu     sync.Mutex
	checks [event.Trade + 1][]uint32 // guarded by mu: of the newest messages, in a ring
	count  [event.Trade + 1]uint64   // guarded by mu: of all that were read
	clock  [event.Trade + 1]int64    // guarded by mu: the stream's time at the newest, Unix ms; 0 for not known
}

// note notes a message that was read at a time of the stream.
func (p *passed) note(kind event.Kind, check uint32, clock int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ring := p.checks[kind]; len(ring) < remembered {
		p.checks[kind] = append(ring, check)
	} else {
		ring[p.count[kind]%remembered] = check
	}
	p.count[kind]++
	p.clock[kind] = clock
}

// has tells whether a message with this check was read of late.
func (p *passed) has(kind event.Kind, check uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.checks[kind], check)
}

// read returns how many messages were read.
func (p *passed) read(kind event.Kind) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[kind]
}

// last returns the stream's time when the newest message was read, Unix ms; 0
// where that is not known.
func (p *passed) last(kind event.Kind) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clock[kind]
}
