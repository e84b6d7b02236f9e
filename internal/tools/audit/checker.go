package audit

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gorilla/websocket"
)

// errBadAnswer reports that a client cannot use the server's answer to its token.
var errBadAnswer = errors.New("the server's answer to a valid token")

// checker checks each message to a client against the protocol, keeps the state
// from which the client resumes, and writes the transcript. It is owned by the
// client's goroutine.
type checker struct {
	// Fixed at construction.
	workload     workload
	sent         *sentEvents
	findings     *findings
	transcript   *transcript
	silenceLimit int64 // longest time without a heartbeat, in ms

	// Of the client, across its sockets.
	position   string // to resume from; empty before the first success line
	highest    uint64 // highest offset of any position
	newStream  bool   // another stream begins: its first event may have the offset highest
	startedAt  uint64 // the client need not know events up to this offset
	prevOffset uint64 // of the user's previous event, if prevKnown
	prevKnown  bool
	prevAt     int64 // time of that event by the node's clock, Unix ms; 0: the client never received it

	// Of the current socket.
	requested       string // position that the client asked to resume from
	authenticated   bool
	replaying       bool
	renewing        bool  // a second token was sent and not answered yet
	drainAnnounced  bool  // a reconnect message arrived, so a close with 1012 may follow
	expiryAnnounced bool  // a token message arrived, so a close with 4001 may follow
	lastSign        int64 // time of the last heartbeat or first live event, Unix ms; 0: none yet

	view []byte // buffer of event
}

// connected resets the state of the socket.
func (c *checker) connected() {
	c.requested, c.authenticated, c.replaying = c.position, false, false
	c.renewing, c.drainAnnounced, c.expiryAnnounced, c.lastSign = false, false, false, 0
}

// message checks a text message. renew reports that the client must send a new
// token. After an error the socket cannot be used; the caller counts it.
func (c *checker) message(text []byte) (renew bool, err error) {
	if bytes.HasPrefix(text, []byte(`{"orderbook":`)) || bytes.HasPrefix(text, []byte(`{"trade":`)) {
		c.event(text)
		return false, nil
	}
	m, err := parseControl(text)
	if err != nil {
		c.broken(subject{}, "%v", err)
	}
	switch {
	case m == (control{}):
	case m.Challenge != nil:
	case m.Success != nil:
		return false, c.success(*m.Success)
	case m.Error != nil && !c.authenticated:
		return false, fmt.Errorf("%w is the error %q", errBadAnswer, m.Error.Message)
	case m.Error != nil:
		c.broken(subject{}, "an error after the success line: %q", m.Error.Message)
	case !c.authenticated:
		c.broken(subject{}, "before the success line came %.200q", text)
	case m.Heartbeat != nil:
		c.heartbeat(*m.Heartbeat)
	case m.Gap != nil:
		c.gap(*m.Gap)
	case m.Reconnect != nil:
		c.drainAnnounced = true
	case m.Token != nil:
		c.renewing, c.expiryAnnounced = true, true
		return true, nil
	}
	return false, nil
}

// ended returns what the client does after a close with this code. If the close
// is a fault, why says so.
func (c *checker) ended(code int) (next action, why string) {
	switch {
	case code == websocket.CloseGoingAway && c.authenticated:
		why = ", which is for clients that do not resume"
	case code == websocket.CloseServiceRestart && !c.drainAnnounced:
		why = ", without a reconnect message before it on this socket"
	case code == tokenExpired && !c.expiryAnnounced:
		why = ", without a token message before it on this socket"
	default:
		return actionAfter(code), ""
	}
	return reportFault, why
}

// success checks the answer to a valid token.
func (c *checker) success(s success) error {
	if c.authenticated {
		if !c.renewing || s.Position != "" || s.Resumed != nil {
			c.broken(subject{}, "a second success line, with position %q", s.Position)
		}
		c.renewing = false
		return nil
	}
	resumed := s.Resumed != nil && *s.Resumed
	if (c.requested != "") != (s.Resumed != nil) || resumed != (s.Position == "") {
		return fmt.Errorf("%w does not fit resume %q: position %q, resumed %s: does every node support resuming (docs/protocol.md, \"Resuming\")?",
			errBadAnswer, c.requested, s.Position, tristate(s.Resumed))
	}
	r := reset{at: c.sent.now()}
	if !resumed {
		pos, err := parsePosition(s.Position)
		if err != nil {
			return fmt.Errorf("%w: %w", errBadAnswer, err)
		}
		r.from, r.to = c.highest, pos.offset
		c.restartAt(pos.offset)
		c.position = s.Position
	}
	c.authenticated, c.replaying = true, resumed
	c.transcript.opened(s.Resumed, r)
	return nil
}

func tristate(b *bool) string {
	if b == nil {
		return "absent"
	}
	return fmt.Sprint(*b)
}

// restartAt forgets the events seen so far: later ones follow that offset.
func (c *checker) restartAt(offset uint64) {
	c.highest, c.startedAt, c.prevOffset, c.prevKnown, c.prevAt = offset, offset, 0, false, 0
}

// gap checks the announcement of a loss.
func (c *checker) gap(g gap) {
	c.transcript.addGap(g)
	pos, err := parsePosition(g.Position)
	switch {
	case err != nil:
		return // parseControl reported it
	case g.Reason == "stream":
		c.restartAt(pos.offset)
		c.newStream, c.lastSign = true, 0 // no heartbeats while there was no stream
	default:
		c.advance(pos, "gap")
	}
	c.position = g.Position
	if g.From > g.To {
		c.broken(subject{}, "a gap from %d to %d", g.From, g.To)
	}
}

// advance checks that the position of a message without events does not lead back.
func (c *checker) advance(pos position, what string) {
	if pos.offset < c.highest {
		c.add(Reordered, subject{pos: &pos}, "the %s leads back from %d: a resume from there repeats events", what, c.highest)
		return
	}
	c.highest, c.newStream = pos.offset, false
}

func (c *checker) broken(about subject, format string, args ...any) {
	c.add(Broken, about, format, args...)
}

func (c *checker) add(fault Fault, about subject, format string, args ...any) {
	c.findings.add(fault, c.transcript, about, format, args...)
}
