package topology

import (
	"slices"
	"sync"

	"ranger/internal/event"
)

// maxRecent is how many messages of an exchange are remembered: more than it can
// route between two checks and the marker that follows. What the probe of a busy
// exchange got while it was being unbound is read at the next check.
const maxRecent = 1 << 18

// Recent has the checksums of the messages that came through each exchange lately:
// Guard compares with them what a probe got. The zero value is ready for use. It is
// safe for concurrent use.
type Recent struct {
	mu      sync.Mutex
	byKinds [event.Trade + 1]recentOf // guarded by mu
}

// recentOf are the messages of one exchange.
type recentOf struct {
	checks []uint32 // of the newest messages, a ring
	count  uint64   // of all messages
	last   int64    // stream's time at the newest, Unix ms; 0 for not known
}

// Add notes a message that was read when the newest marker was of that time, Unix
// ms; 0 for not known. It ignores a message of no exchange, whose kind is zero.
func (r *Recent) Add(kind event.Kind, check uint32, marker int64) {
	if kind == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	k := &r.byKinds[kind]
	if len(k.checks) < maxRecent {
		k.checks = append(k.checks, check)
	} else {
		k.checks[k.count%maxRecent] = check
	}
	k.count++
	k.last = marker
}

// Has reports whether a message with this check was read lately.
func (r *Recent) Has(kind event.Kind, check uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.byKinds[kind].checks, check)
}

// Count returns how many messages were read.
func (r *Recent) Count(kind event.Kind) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byKinds[kind].count
}

// Last returns the time of the newest marker when the newest message was read, Unix
// ms; 0 if it is not known.
func (r *Recent) Last(kind event.Kind) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byKinds[kind].last
}
