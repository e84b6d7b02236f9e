package audit

import (
	"math/rand/v2"
	"sync"
	"time"

	"ranger/internal/event"
)

// sighting is an event that a client got.
type sighting struct {
	n      serial
	place  place
	placed bool // the event bore a position
	behind bool // its number was not past all that the client had had
}

// tally counts what clients went through.
type tally struct {
	Deliveries int
	Replayed   int
	Reconnects int
	Resumed    int
	NotResumed int
	Gaps       int
	// Closes counts ends of sockets by their code, 1006 where there was none.
	Closes map[int]int
}

// mostSamples is how many latencies a client keeps.
const mostSamples = 500

// transcript is what one client saw, from its first socket to its last. It is
// safe for concurrent use.
type transcript struct {
	name string    // fixed at construction: the user and which of their clients
	uid  event.UID // fixed at construction
	user int       // fixed at construction

	mu        sync.Mutex
	sightings []sighting      // guarded by mu, in the order of reading
	gaps      []gap           // guarded by mu: told
	resets    []reset         // guarded by mu
	tally     tally           // guarded by mu; Closes nil until there is one
	samples   []time.Duration // guarded by mu: from publishing to receipt, a random choice
	sampled   int             // guarded by mu: of how many
}

// saw adds an event.
func (t *transcript) saw(s sighting, replay bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sightings = append(t.sightings, s)
	t.tally.Deliveries++
	if replay {
		t.tally.Replayed++
	}
}

// took adds a latency.
func (t *transcript) took(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sampled++
	if len(t.samples) < mostSamples {
		t.samples = append(t.samples, d)
	} else if i := rand.IntN(t.sampled); i < mostSamples { //nolint:gosec // a sample needs no secrecy
		t.samples[i] = d
	}
}

// told adds a gap.
func (t *transcript) told(g gap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gaps = append(t.gaps, g)
	t.tally.Gaps++
}

// opened notes that a socket was answered: resumed nil for a client's first,
// which asked for no position. r is what resumed:false says.
func (t *transcript) opened(resumed *bool, r reset) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case resumed == nil:
	case *resumed:
		t.tally.Reconnects++
		t.tally.Resumed++
	default:
		t.tally.Reconnects++
		t.tally.NotResumed++
		t.resets = append(t.resets, r)
	}
}

// closed notes that a socket ended.
func (t *transcript) closed(code int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tally.Closes == nil {
		t.tally.Closes = make(map[int]int)
	}
	t.tally.Closes[code]++
}

// since returns the sightings from the i-th on. They are not to be changed.
func (t *transcript) since(i int) []sighting {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sightings[i:]
}
