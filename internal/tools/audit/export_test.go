package audit

import (
	"fmt"
	"time"

	"ranger/internal/event"
)

// Serial numbers an event.
type Serial = serial

// CopyWindow is the time within which nodes recognise copies of an event.
const CopyWindow = copyWindow

// ParseSerial returns the serial of an event's text.
func ParseSerial(text []byte) (Serial, bool) { return parseSerial(text) }

// ParseSuffix parses the keys after an event.
func ParseSuffix(text string) (position string, prev *uint64, at int64, replay bool, err error) {
	s, err := parseSuffix([]byte(text))
	return s.Position, s.Prev, s.At, s.Replay, err
}

// ParsePosition parses a position.
func ParsePosition(text string) (offset uint64, check uint32, err error) {
	p, err := parsePosition(text)
	return p.offset, p.check, err
}

// Workload defines the events of a run.
type Workload struct{ workload }

// NewWorkload returns the workload of a run of that name.
func NewWorkload(run string, users int) Workload {
	return Workload{workload{run: run, users: users, created: "2026-01-02T03:04:05Z"}}
}

func (w Workload) Delivery(n Serial) event.Delivery        { return w.delivery(n) }
func (w Workload) Parties(n Serial) (event.Kind, int, int) { return w.parties(n) }
func (w Workload) UID(user int) event.UID                  { return w.uid(user) }
func (w Workload) View(n Serial, user int) string          { return string(w.appendView(nil, n, user)) }
func (w Workload) Involves(n Serial, user int) bool        { return w.involves(n, user) }

// SentEvent records the publishing of an event.
type SentEvent struct {
	First, Last, Confirmed time.Duration // since the start of the trial
	Conn, Tries            uint32
}

// Trial is a run without a broker and without sockets: the test adds sent events
// and passes messages to the clients.
type Trial struct {
	Workload

	sent        *sentEvents
	findings    *findings
	transcripts []*transcript
	checkers    []*checker
}

// NewTrial returns a trial with so many users and clients of each. Client i
// belongs to user i / sockets.
func NewTrial(users, sockets int) *Trial {
	t := &Trial{Workload: NewWorkload("TRIAL", users), sent: &sentEvents{start: time.Now()}}
	t.findings = newFindings(t.sent, func(Finding) {})
	for i := range users * sockets {
		user := i / sockets
		s := &transcript{name: fmt.Sprintf("%s/%d", t.uid(user), i%sockets), uid: t.uid(user), user: user}
		t.transcripts = append(t.transcripts, s)
		t.checkers = append(t.checkers, &checker{
			workload: t.workload, sent: t.sent, findings: t.findings, transcript: s, silenceLimit: silenceLimit(15 * time.Second),
		})
	}
	return t
}

// Clients returns the number of clients.
func (t *Trial) Clients() int { return len(t.checkers) }

// Add adds the next sent event.
func (t *Trial) Add(e SentEvent) {
	t.sent.events = append(t.sent.events, sentEvent{
		first: e.First, last: e.Last, confirmed: e.Confirmed, conn: e.Conn, tries: e.Tries,
	})
}

// Connect begins a socket of a client and returns the position that it requests.
func (t *Trial) Connect(client int) string {
	t.checkers[client].connected()
	return t.checkers[client].requested
}

// Message passes a message to a client.
func (t *Trial) Message(client int, text string) (renew bool, err error) {
	return t.checkers[client].message([]byte(text))
}

// Close ends a client's socket with a code and reports whether that is a fault.
func (t *Trial) Close(client, code int) bool {
	next, _ := t.checkers[client].ended(code)
	return next == reportFault
}

// UnixMS converts a time since the start of the trial.
func (t *Trial) UnixMS(d time.Duration) int64 { return t.sent.unixMS(d) }

// Settled reports whether every client has received everything.
func (t *Trial) Settled() bool {
	return newOutstanding(expected(t.workload, t.sent.all()), t.transcripts).settled()
}

// Compare returns the number of faults of each kind and the first findings.
func (t *Trial) Compare() (map[Fault]int, []Finding) {
	compare(t.workload, t.sent, t.transcripts, t.findings)
	return t.findings.all()
}
