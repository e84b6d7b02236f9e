package hub_test

import (
	"fmt"
	"strings"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// quiet is a server that sends no pings during a test.
var quiet = setup{hub: hub.Config{PingInterval: 24 * time.Hour}}

// trade returns the message of a trade.
func trade(id int) string { return fmt.Sprintf(`{"trade":{"id":%d,"market_id":"btcusd"}}`, id) }

// append adds a message to the stream and returns its position. Its check is that of the
// texts and of the gap.
func (s *server) append(m journal.Message) journal.Position {
	s.tb.Helper()
	var body []byte
	for _, e := range m.Events {
		body = append(body, e.Message...)
	}
	m.Position = journal.Position{Offset: s.offset, Check: event.Check(append(body, m.Gap...))}
	if m.At == 0 {
		m.At = time.Now().UnixMilli()
	}
	if !s.window.Append(m) {
		s.tb.Fatalf("Append(%d) = false, want true", s.offset)
	}
	s.offset++
	return m.Position
}

// send adds a message with an event of uid.
func (s *server) send(uid event.UID, text string) journal.Position {
	s.tb.Helper()
	kind := event.Order
	if strings.HasPrefix(text, `{"trade"`) {
		kind = event.Trade
	}
	return s.append(journal.Message{Events: []event.Event{{UID: uid, Kind: kind, Message: []byte(text)}}})
}

// skip adds a message without events.
func (s *server) skip() journal.Position { return s.append(journal.Message{}) }

// sampleGap is a gap, and gapText its message up to the position.
var sampleGap = event.Gap{From: 5, To: 8, Reason: event.GapExchange}

const gapText = `{"gap":{"from":5,"to":8,"reason":"exchange"`

// gap adds a gap of all users.
func (s *server) gap() journal.Position {
	s.tb.Helper()
	return s.append(journal.Message{Gap: sampleGap.Message()})
}

// gapOf adds a gap of one user.
func (s *server) gapOf(uid event.UID) journal.Position {
	s.tb.Helper()
	return s.append(journal.Message{Events: []event.Event{{UID: uid, Kind: event.Announcement, Message: sampleGap.Message()}}})
}

// gapMessage returns the message of a gap at p.
func gapMessage(p journal.Position) string { return gapText + `,"position":"` + p.String() + `"}}` }

// none means no event before.
const none = -1

// with returns a message as a client that opted in is sent it now.
func with(text string, p journal.Position, prev int, more ...string) string {
	return withAt(text, p, prev, time.Now().UnixMilli(), more...)
}

func withAt(text string, p journal.Position, prev int, at int64, more ...string) string {
	b := strings.TrimSuffix(text, "}") + `,"position":"` + p.String() + `"`
	if prev != none {
		b += fmt.Sprintf(`,"prev":%d`, prev)
	}
	return b + fmt.Sprintf(`,"at":%d`, at) + strings.Join(more, "") + "}"
}

const replayed = `,"replay":true`

// beat returns a heartbeat of now.
func beat(p journal.Position, last int) string {
	b := `{"heartbeat":{`
	if last != none {
		b += fmt.Sprintf(`"last":%d,`, last)
	}
	return b + fmt.Sprintf(`"position":"%s","at":%d}}`, p, time.Now().UnixMilli())
}

// wantBeat reads a heartbeat, not more than two sweeps old.
func (c *client) wantBeat(p journal.Position, last int) {
	c.tb.Helper()
	got := c.read()
	at := 0
	text := strings.TrimSuffix(got.payload[strings.LastIndex(got.payload, ":")+1:], "}}")
	if _, err := fmt.Sscan(text, &at); err != nil {
		c.tb.Fatalf("got %+v, want a heartbeat", got)
	}
	now := time.Now().UnixMilli()
	if age := time.Duration(now-int64(at)) * time.Millisecond; age < 0 || age > 2*sweep {
		c.tb.Fatalf("got %+v, which is %v old, want at most two sweeps", got, age)
	}
	want := strings.Replace(beat(p, last), fmt.Sprint(now), text, 1)
	if got != (frame{opText, want}) {
		c.tb.Fatalf("got %+v, want %s", got, want)
	}
}

// The answers to clients that opt in.
const resumed = `{"success":{"message":"Authenticated.","resumed":true}}`

func following(p journal.Position) string {
	return `{"success":{"message":"Authenticated.","position":"` + p.String() + `"}}`
}

func notResumed(p journal.Position) string {
	return `{"success":{"message":"Authenticated.","position":"` + p.String() + `","resumed":false}}`
}

// asking returns the message with a token and other keys, given as JSON.
func asking(token, keys string) string { return `{"jwt":"Bearer ` + token + `",` + keys + `}` }

// after returns the message that resumes after p.
func after(token string, p journal.Position) string {
	return asking(token, `"resume":"`+p.String()+`"`)
}

// ask opens a socket, sends the message and reads the answers.
func (s *server) ask(message string, answers ...string) *client {
	s.tb.Helper()
	c := s.dial()
	c.say(message)
	c.want(answers...)
	return c
}

// resume opens a socket that resumes after p.
func (s *server) resume(token string, p journal.Position, answers ...string) *client {
	s.tb.Helper()
	return s.ask(after(token, p), append([]string{resumed}, answers...)...)
}

// follow opens a socket that gets events from now on, after p.
func (s *server) follow(token string, p journal.Position) *client {
	s.tb.Helper()
	return s.ask(asking(token, `"resume":true`), following(p))
}
