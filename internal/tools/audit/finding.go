package audit

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"ranger/internal/event"
)

// Fault is a kind of wrong delivery. docs/audit.md defines each.
type Fault string

// The kinds of fault. A run passes if all counts are zero.
const (
	Lost         Fault = "lost"
	Unannounced  Fault = "unannounced"
	Duplicated   Fault = "duplicated"
	Reordered    Fault = "reordered"
	Misdelivered Fault = "misdelivered"
	Broken       Fault = "broken"
)

// Finding is one fault, with details that help to find its cause.
type Finding struct {
	Fault Fault `json:"fault"`
	// Client is the user's uid, a slash, and the number of the client.
	Client string    `json:"client"`
	UID    event.UID `json:"uid"`
	// Event is the number of the event in the run and ID its `id`. Both are absent
	// if the finding is not about an event.
	Event *uint32 `json:"event,omitempty"`
	ID    string  `json:"id,omitempty"`
	// Position is the position of the event or of the message, if known.
	Position string `json:"position,omitempty"`
	// Published is the time of the first try, Confirmed that of the confirm, and
	// Tries the number of tries.
	Published *time.Time `json:"published,omitempty"`
	Confirmed *time.Time `json:"confirmed,omitempty"`
	Tries     uint32     `json:"tries,omitempty"`
	// Text describes the fault.
	Text string `json:"text"`
}

// String returns the finding as one line.
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

// maxFindings is the number of findings of each fault that are kept.
const maxFindings = 5

// findings counts faults and keeps the first of each kind. It is safe for concurrent
// use.
type findings struct {
	sent    *sentEvents   // fixed at construction
	onFound func(Finding) // fixed at construction: called with each finding that is kept

	mu    sync.Mutex
	count map[Fault]int // guarded by mu
	kept  []Finding     // guarded by mu
}

func newFindings(sent *sentEvents, onFound func(Finding)) *findings {
	return &findings{sent: sent, onFound: onFound, count: make(map[Fault]int)}
}

// subject is the event and the position that a finding is about. Either may be nil.
type subject struct {
	event *serial
	pos   *position
}

// add counts a fault at the client of transcript t, and keeps it if it is among the
// first of its kind.
func (f *findings) add(fault Fault, t *transcript, about subject, format string, args ...any) {
	f.mu.Lock()
	f.count[fault]++
	keep := f.count[fault] <= maxFindings
	f.mu.Unlock()
	if !keep {
		return
	}
	found := Finding{Fault: fault, Client: t.name, UID: t.uid, Text: fmt.Sprintf(format, args...)}
	if about.pos != nil {
		found.Position = about.pos.String()
	}
	if about.event != nil {
		n := uint32(*about.event)
		found.Event, found.ID = &n, fmt.Sprint(firstID+uint64(n))
		if e, ok := f.sent.event(*about.event); ok {
			first := f.sent.start.Add(e.first)
			found.Published, found.Tries = &first, e.tries
			if e.confirmed != 0 {
				confirmed := f.sent.start.Add(e.confirmed)
				found.Confirmed = &confirmed
			}
		}
	}
	f.mu.Lock()
	f.kept = append(f.kept, found)
	f.mu.Unlock()
	f.onFound(found)
}

// all returns the counts and the findings that were kept.
func (f *findings) all() (map[Fault]int, []Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.count), append([]Finding{}, f.kept...)
}
