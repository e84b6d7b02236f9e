package audit

import (
	"fmt"
	"time"

	"ranger/internal/event"
)

// Serial numbers an event.
type Serial = serial

// The ids of events, and how long copies of one may be apart.
const (
	FirstID    = firstID
	CopyWindow = copyWindow
)

// CutEvent reads which event a text is about.
func CutEvent(text []byte) (Serial, bool) { return cutEvent(text) }

// ParseSuffix reads what follows an event.
func ParseSuffix(text string) (position string, prev *uint64, at int64, replay bool, err error) {
	s, err := parseSuffix([]byte(text))
	return s.Position, s.Prev, s.At, s.Replay, err
}

// ParsePlace reads a position.
func ParsePlace(text string) (number uint64, check uint32, err error) {
	p, err := parsePlace(text)
	return p.number, p.check, err
}

// Plan is what the events of a run are.
type Plan struct{ plan }

// NewPlan returns the plan of a run of that name.
func NewPlan(run string, users int) Plan {
	return Plan{plan{run: run, users: users, created: "2026-01-02T03:04:05Z"}}
}

func (p Plan) Delivery(n Serial) event.Delivery        { return p.delivery(n) }
func (p Plan) Parties(n Serial) (event.Kind, int, int) { return p.parties(n) }
func (p Plan) UID(user int) event.UID                  { return p.uid(user) }
func (p Plan) View(n Serial, user int) string          { return string(p.appendView(nil, n, user)) }
func (p Plan) Of(n Serial, user int) bool              { return p.of(n, user) }

// Entry is what the broker said of an event.
type Entry struct {
	First, Last, Confirmed time.Duration // since the trial's start
	Conn, Tries            uint32
}

// Trial is an account and clients without sockets, whose messages tests write.
type Trial struct {
	Plan

	account     *account
	findings    *findings
	transcripts []*transcript
	witnesses   []*witness
}

// NewTrial returns a trial with so many users and clients of each. Client i is
// of user i / sockets.
func NewTrial(users, sockets int) *Trial {
	t := &Trial{Plan: NewPlan("TRIAL", users), account: &account{start: time.Now()}}
	t.findings = newFindings(t.account, func(Finding) {})
	for i := range users * sockets {
		user := i / sockets
		s := &transcript{name: fmt.Sprintf("%s/%d", t.uid(user), i%sockets), uid: t.uid(user), user: user}
		t.transcripts = append(t.transcripts, s)
		t.witnesses = append(t.witnesses, &witness{plan: t.plan, account: t.account, findings: t.findings, transcript: s, patience: patience(15 * time.Second)})
	}
	return t
}

// Clients returns how many there are.
func (t *Trial) Clients() int { return len(t.witnesses) }

// Add adds the next event to the account.
func (t *Trial) Add(e Entry) {
	t.account.entries = append(t.account.entries, entry{
		first: e.First, last: e.Last, confirmed: e.Confirmed, conn: e.Conn, tries: e.Tries,
	})
}

// Connect begins a socket of a client and returns the position that it asks for.
func (t *Trial) Connect(client int) string {
	t.witnesses[client].connected()
	return t.witnesses[client].asked
}

// Message hands a client a message.
func (t *Trial) Message(client int, text string) (renew bool, err error) {
	return t.witnesses[client].message([]byte(text))
}

// Close ends a client's socket with a code, and returns whether that is a fault.
func (t *Trial) Close(client, code int) bool {
	end, _ := t.witnesses[client].ended(code)
	return end == atFault
}

// UnixMS returns an instant of the trial.
func (t *Trial) UnixMS(d time.Duration) int64 { return t.account.unixMS(d) }

// Settled tells whether no client lacks anything.
func (t *Trial) Settled() bool {
	return newOutstanding(due(t.plan, t.account.all()), t.transcripts).settled()
}

// Judge returns how often each fault was found, and the first of each.
func (t *Trial) Judge() (map[Fault]int, []Finding) {
	judgeAll(t.plan, t.account, t.transcripts, t.findings)
	return t.findings.all()
}
