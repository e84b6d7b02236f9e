package audit

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"ranger/internal/event"
)

// Fault is what can go wrong with a delivery. docs/audit.md says what each
// means.
type Fault string

// The faults, each of which has to have been seen no time.
const (
	Lost         Fault = "lost"
	Unannounced  Fault = "unannounced"
	Duplicated   Fault = "duplicated"
	Reordered    Fault = "reordered"
	Misdelivered Fault = "misdelivered"
	Broken       Fault = "broken"
)

// Finding is one fault, with what helps to find its cause.
type Finding struct {
	Fault Fault `json:"fault"`
	// Client is the user's uid, a slash, and which of their clients.
	Client string    `json:"client"`
	UID    event.UID `json:"uid"`
	// Event is the event's number in the run and ID the `id` that it bears; both
	// absent where the finding is about none.
	Event *uint32 `json:"event,omitempty"`
	ID    string  `json:"id,omitempty"`
	// Position is where it, or what the finding is about, stands in the stream,
	// where that is known.
	Position string `json:"position,omitempty"`
	// Published is when the event was first sent and Confirmed when it was known
	// to be taken; Tries is how often it was sent.
	Published *time.Time `json:"published,omitempty"`
	Confirmed *time.Time `json:"confirmed,omitempty"`
	Tries     uint32     `json:"tries,omitempty"`
	// Text says what was found.
	Text string `json:"text"`
}

// String returns the finding as a line.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: client %s: ", f.Fault, f.Client)
	if f.Event != nil {
		fmt.Fprintf(&b, "event %d (id %s), ", *f.Event, f.ID)
	}
	if f.Position != "" {
		fmt.Fprintf(&b, "position %s, ", f.Position)
	}
	const clock = "15:04:05.000"
	if f.Published != nil {
		fmt.Fprintf(&b, "sent %s, ", f.Published.UTC().Format(clock))
	}
	if f.Tries > 1 {
		fmt.Fprintf(&b, "tried %d times, ", f.Tries)
	}
	if f.Confirmed != nil {
		fmt.Fprintf(&b, "confirmed %s, ", f.Confirmed.UTC().Format(clock))
	}
	return strings.TrimSuffix(b.String(), ", ") + ": " + f.Text
}

// mostFindings is how many of each fault are kept.
const mostFindings = 5

// findings counts faults and keeps the first of each. It is safe for concurrent
// use.
type findings struct {
	account *account      // fixed at construction
	heard   func(Finding) // fixed at construction: called for those that are kept

	mu    sync.Mutex
	count map[Fault]int // guarded by mu
	kept  []Finding     // guarded by mu
}

func newFindings(a *account, heard func(Finding)) *findings {
	return &findings{account: a, heard: heard, count: make(map[Fault]int)}
}

// about is what a finding is about; each may be nil.
type about struct {
	event *serial
	place *place
}

// add counts a fault that the client met.
func (f *findings) add(fault Fault, t *transcript, a about, format string, args ...any) {
	f.mu.Lock()
	f.count[fault]++
	keep := f.count[fault] <= mostFindings
	f.mu.Unlock()
	if !keep {
		return
	}
	found := Finding{Fault: fault, Client: t.name, UID: t.uid, Text: fmt.Sprintf(format, args...)}
	if a.place != nil {
		found.Position = a.place.String()
	}
	if a.event != nil {
		n := uint32(*a.event)
		found.Event, found.ID = &n, fmt.Sprint(firstID+uint64(n))
		if e, ok := f.account.entry(*a.event); ok {
			first := f.account.start.Add(e.first)
			found.Published, found.Tries = &first, e.tries
			if e.confirmed != 0 {
				confirmed := f.account.start.Add(e.confirmed)
				found.Confirmed = &confirmed
			}
		}
	}
	f.mu.Lock()
	f.kept = append(f.kept, found)
	f.mu.Unlock()
	f.heard(found)
}

// all returns the counts, and what is kept.
func (f *findings) all() (map[Fault]int, []Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.count), append([]Finding{}, f.kept...)
}
