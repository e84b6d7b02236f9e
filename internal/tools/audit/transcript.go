package audit

import (
	"math/rand/v2"
	"sync"
	"time"

	"ranger/internal/event"
)

// sighting is the receipt of an event by a client.
type sighting struct {
	n          serial
	pos        position
	hasPos     bool // the event had a valid position
	outOfOrder bool // its offset was not above all that the client had received
}

// counts are the counts of one client.
type counts struct {
	deliveries int
	replayed   int
	resumed    int
	notResumed int
	closes     map[int]int // ends of sockets by close code, 1006 if there was none; nil if none
}

// maxSamples is the number of latencies that a client keeps.
const maxSamples = 500

// transcript records what one client received, on all its sockets. It is safe for
// concurrent use.
type transcript struct {
	name string    // fixed at construction: the uid and the number of the client
	uid  event.UID // fixed at construction
	user int       // fixed at construction

	mu        sync.Mutex
	sightings []sighting      // guarded by mu, in the order of receipt
	gaps      []gap           // guarded by mu: announced to the client
	resets    []reset         // guarded by mu
	counts    counts          // guarded by mu
	samples   []time.Duration // guarded by mu: latencies from publishing to receipt, a random sample
	sampled   int             // guarded by mu: number of latencies that samples was drawn from
}

// addEvent adds the receipt of an event.
func (t *transcript) addEvent(s sighting, replay bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sightings = append(t.sightings, s)
	t.counts.deliveries++
	if replay {
		t.counts.replayed++
	}
}

// addLatency adds a latency.
func (t *transcript) addLatency(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sampled++
	if len(t.samples) < maxSamples {
		t.samples = append(t.samples, d)
	} else if i := rand.IntN(t.sampled); i < maxSamples { //nolint:gosec // a sample needs no secrecy
		t.samples[i] = d
	}
}

// addGap adds the announcement of a gap.
func (t *transcript) addGap(g gap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gaps = append(t.gaps, g)
}

// opened records the answer to a socket's token. resumed is nil for the first socket
// of a client, which asks for no position. r describes a resumed:false.
func (t *transcript) opened(resumed *bool, r reset) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case resumed == nil:
	case *resumed:
		t.counts.resumed++
	default:
		t.counts.notResumed++
		t.resets = append(t.resets, r)
	}
}

// closed records the end of a socket.
func (t *transcript) closed(code int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts.closes == nil {
		t.counts.closes = make(map[int]int)
	}
	t.counts.closes[code]++
}

// sightingsFrom returns the sightings from index i on. The caller must not change
// them.
func (t *transcript) sightingsFrom(i int) []sighting {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sightings[i:]
}
