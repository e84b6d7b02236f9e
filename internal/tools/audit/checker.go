package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gorilla/websocket"
)

// errUnfit says that a socket cannot go on: the server's answer to the token is
// none that a client can begin with.
var errUnfit = errors.New("the server's answer to a good token")

// witness checks each message that a client gets against the protocol, keeps
// what a client has to keep to resume, and writes the transcript. It is for the
// one goroutine that reads.
type witness struct {
	plan       plan
	account    *account
	findings   *findings
	transcript *transcript
	patience   int64 // how long a socket may go without a heartbeat, in ms

	// What outlives a socket.
	position string // to resume from; empty: nothing is known yet
	number   uint64 // the highest that a position had
	anew     bool   // another stream begins: the next event may have that very number
	floor    uint64 // events up to here the client need not know
	last     uint64 // number of the user's event before, once known
	known    bool
	lastAt   int64 // its time by the node's clock, Unix ms; 0: the client never got it

	// What a socket begins with.
	asked         string // the position that the client asked to resume from
	authenticated bool
	replaying     bool
	renewing      bool  // a success line is owed to a second token
	parting       bool  // a close with 1012 was announced
	expiring      bool  // the end of a token was
	pulse         int64 // when the node sent the last heartbeat, or first showed that it lives; 0: it has not

	view []byte // room for an event
}

// connected begins a new socket.
func (w *witness) connected() {
	w.asked, w.authenticated, w.replaying = w.position, false, false
	w.renewing, w.parting, w.expiring, w.pulse = false, false, false, 0
}

// message takes a text message. renew says that a new token has to be sent. An
// error says that the socket is of no use; it is not counted yet.
func (w *witness) message(text []byte) (renew bool, err error) {
	if bytes.HasPrefix(text, []byte(`{"orderbook":`)) || bytes.HasPrefix(text, []byte(`{"trade":`)) {
		w.event(text)
		return false, nil
	}
	c, err := parseControl(text)
	if err != nil {
		w.broken(about{}, "%v", err)
	}
	switch {
	case c == (control{}):
	case c.Challenge != nil:
	case c.Success != nil:
		return false, w.success(*c.Success)
	case c.Error != nil && !w.authenticated:
		return false, fmt.Errorf("%w is the error %q", errUnfit, c.Error.Message)
	case c.Error != nil:
		w.broken(about{}, "an error after the success line: %q", c.Error.Message)
	case !w.authenticated:
		w.broken(about{}, "before the success line came %.200q", text)
	case c.Heartbeat != nil:
		w.heartbeat(*c.Heartbeat)
	case c.Gap != nil:
		w.gap(*c.Gap)
	case c.Reconnect != nil:
		w.parting = true
	case c.Token != nil:
		w.renewing, w.expiring = true, true
		return true, nil
	}
	return false, nil
}

// ended returns what follows a close with this code, and where that is a fault,
// why.
func (w *witness) ended(code int) (end ending, why string) {
	switch {
	case code == websocket.CloseGoingAway && w.authenticated:
		why = ", which is for clients that did not opt in"
	case code == websocket.CloseServiceRestart && !w.parting:
		why = ", and no reconnect came before it on this socket"
	case code == tokenExpired && !w.expiring:
		why = ", and no token came before it on this socket"
	default:
		return endingOf(code), ""
	}
	return atFault, why
}

// success takes the answer to a good token.
func (w *witness) success(s success) error {
	if w.authenticated {
		if !w.renewing || s.Position != "" || s.Resumed != nil {
			w.broken(about{}, "a second success line, with position %q", s.Position)
		}
		w.renewing = false
		return nil
	}
	resumed := s.Resumed != nil && *s.Resumed
	if (w.asked != "") != (s.Resumed != nil) || resumed != (s.Position == "") {
		return fmt.Errorf("%w does not fit resume %q: position %q, resumed %s: does every node speak part 2 of the protocol?",
			errUnfit, w.asked, s.Position, tristate(s.Resumed))
	}
	told := reset{at: w.account.now()}
	if !resumed {
		at, err := parsePlace(s.Position)
		if err != nil {
			return fmt.Errorf("%w: %w", errUnfit, err)
		}
		told.from, told.to = w.number, at.number
		w.begin(at.number)
		w.position = s.Position
	}
	w.authenticated, w.replaying = true, resumed
	w.transcript.opened(s.Resumed, told)
	return nil
}

func tristate(b *bool) string {
	if b == nil {
		return "absent"
	}
	return fmt.Sprint(*b)
}

// begin forgets what was seen: events are to come from behind that number.
func (w *witness) begin(number uint64) {
	w.number, w.floor, w.last, w.known, w.lastAt = number, number, 0, false, 0
}

// event takes an order or a trade.
func (w *witness) event(text []byte) {
	now := w.account.now()
	n, ok := cutEvent(text)
	e, sent := w.account.entry(n)
	if !ok || !sent || !w.plan.of(n, w.transcript.user) {
		w.foreign(text, ok && sent, n)
		return
	}
	w.view = w.plan.appendView(w.view[:0], n, w.transcript.user)
	tail, same := bytes.CutPrefix(text, w.view[:len(w.view)-1])
	if !same {
		w.find(Misdelivered, about{event: &n}, "got  %.2000s\n      want %s", text, w.view)
		tail = text[max(0, bytes.LastIndex(text, []byte(`,"position":`))):]
	}
	s, err := parseSuffix(tail)
	if same && err == nil && !s.Replay && e.tries == 1 {
		w.transcript.took(now - e.first)
	}
	about := about{event: &n}
	at, unplaced := parsePlace(s.Position)
	if unplaced == nil {
		about.place = &at
	}
	switch {
	case err != nil:
		w.broken(about, "%v", err)
	case !w.authenticated:
		w.broken(about, "the event came before the success line")
	case s.Replay != w.replaying:
		w.broken(about, "the event has replay %v, want %v: a replay lasts from resumed:true to the first heartbeat", s.Replay, w.replaying)
	}
	if unplaced != nil {
		w.transcript.saw(sighting{n: n}, s.Replay)
		return
	}
	behind := w.position != "" && (at.number < w.number || at.number == w.number && !w.anew)
	w.anew = false
	w.alive(about, s.At)
	w.transcript.saw(sighting{n: n, place: at, placed: true, behind: behind}, s.Replay)
	w.position = s.Position
	if behind {
		return // the chain is that of events in order
	}
	w.number = at.number
	w.chain(about, "prev", s.Prev, s.At)
	w.last, w.known, w.lastAt = at.number, true, s.At
}

// foreign takes an event that is not the user's, or none of the run. Its
// position is one all the same.
func (w *witness) foreign(text []byte, ofRun bool, n serial) {
	var s suffix
	var a about
	_ = json.Unmarshal(text, &s) // what it lacks is not what is wrong with it
	if at, err := parsePlace(s.Position); err == nil {
		a.place = &at
		w.number, w.position = max(w.number, at.number), s.Position
	}
	if !ofRun {
		w.find(Misdelivered, a, "no event that was sent: %.2000s", text)
		return
	}
	a.event = &n
	_, seller, buyer := w.plan.parties(n)
	w.find(Misdelivered, a, "the event is of %s and %s: %.2000s", w.plan.uid(seller), w.plan.uid(buyer), text)
}

// gap takes the announcement of a loss.
func (w *witness) gap(g gap) {
	w.transcript.told(g)
	at, err := parsePlace(g.Position)
	switch {
	case err != nil:
		return // that was found before
	case g.Reason == "stream":
		w.begin(at.number)
		w.anew, w.pulse = true, 0 // for a while there was nothing that a heartbeat could tell
	default:
		w.moved(at, "gap")
	}
	w.position = g.Position
	if g.From > g.To {
		w.broken(about{}, "a gap from %d to %d", g.From, g.To)
	}
}

// moved checks that a position that is no event's does not lead back.
func (w *witness) moved(at place, what string) {
	if at.number < w.number {
		w.find(Reordered, about{place: &at}, "the %s leads back from %d: a resume from there repeats events", what, w.number)
		return
	}
	w.number, w.anew = at.number, false
}

func (w *witness) broken(a about, format string, args ...any) {
	w.find(Broken, a, format, args...)
}

func (w *witness) find(fault Fault, a about, format string, args ...any) {
	w.findings.add(fault, w.transcript, a, format, args...)
}
