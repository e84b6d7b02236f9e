package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"ranger/internal/tools/audit"
)

// line is what a client meets: a new socket, or a message.
type line struct {
	kind   string // socket, success, event, heartbeat, gap
	n      audit.Serial
	number uint64
	check  uint32
	prev   *uint64 // an event's prev, a heartbeat's last
	replay bool

	resumed  *bool // a success line's
	from, to int64 // a gap's
	reason   string
	edit     func(text string) string // changes an event's text without its suffix
}

// model is a faithful run that was drawn: what the broker said, and what each
// client met.
type model struct {
	trial   *audit.Trial
	entries []audit.Entry
	stream  []audit.Serial // in its order
	sockets int
	scripts [][]line // by client
}

// drawModel draws a run of up to 60 events without a fault.
func drawModel(t *rapid.T) *model {
	users, sockets := rapid.IntRange(1, 4).Draw(t, "users"), rapid.IntRange(1, 2).Draw(t, "sockets")
	m := &model{trial: audit.NewTrial(users, sockets), sockets: sockets}
	conn := uint32(1)
	for n := range audit.Serial(rapid.IntRange(1, 60).Draw(t, "events")) {
		first := time.Duration(n) * 10 * time.Millisecond
		e := audit.Entry{First: first, Last: first, Confirmed: first + 3*time.Millisecond, Conn: conn, Tries: 1}
		place := len(m.stream)
		switch rapid.IntRange(0, 9).Draw(t, "fate") {
		case 0: // tried again on another connection, and its place is a later one
			conn++
			e.Tries, e.Last = 2, first+time.Second
			e.Confirmed = e.Last + time.Millisecond
		case 1: // tried again, and an earlier one
			e.Tries = 2
			place = rapid.IntRange(0, len(m.stream)).Draw(t, "place")
		case 2: // never confirmed, but there, wherever
			e.Confirmed = 0
			place = rapid.IntRange(0, len(m.stream)).Draw(t, "place")
		case 3: // neither
			e.Confirmed, place = 0, -1
		}
		m.entries = append(m.entries, e)
		m.trial.Add(e)
		if place >= 0 {
			m.stream = slices.Insert(m.stream, place, n)
		}
	}
	m.script(t)
	return m
}

// script writes what each client meets of the stream.
func (m *model) script(t *rapid.T) {
	m.scripts = make([][]line, m.trial.Clients())
	for client := range m.scripts {
		user := client / m.sockets
		head := uint64(99)
		lines := []line{{kind: "socket"}, {kind: "success", number: head}}
		var last *uint64
		replay := false
		heartbeat := func() {
			lines = append(lines, line{kind: "heartbeat", number: head, prev: last})
			replay = false
		}
		for i, n := range m.stream {
			if !m.trial.Of(n, user) {
				continue
			}
			number := uint64(100 + 2*i) // there are holes
			lines = append(lines, line{kind: "event", n: n, number: number, check: uint32(n), prev: last, replay: replay})
			head, last = number, &number
			switch rapid.IntRange(0, 7).Draw(t, "then") {
			case 0:
				heartbeat()
			case 1:
				yes := true
				lines = append(lines, line{kind: "socket"}, line{kind: "success", resumed: &yes})
				replay = true
			}
		}
		heartbeat()
		m.scripts[client] = lines
	}
}

// render returns the text of a line.
func (m *model) render(client int, l line) string {
	position := fmt.Sprintf("%d.%08x", l.number, l.check)
	switch l.kind {
	case "success":
		switch {
		case l.resumed == nil:
			return fmt.Sprintf(`{"success":{"message":"Authenticated.","position":%q}}`, position)
		case *l.resumed:
			return `{"success":{"message":"Authenticated.","resumed":true}}`
		default:
			return fmt.Sprintf(`{"success":{"message":"Authenticated.","position":%q,"resumed":false}}`, position)
		}
	case "event":
		text := m.trial.View(l.n, client/m.sockets)
		if l.edit != nil {
			text = l.edit(text)
		}
		return strings.TrimSuffix(text, "}") + fmt.Sprintf(`,"position":%q%s,"at":1534776439123%s}`,
			position, optional(`,"prev":%d`, l.prev), map[bool]string{true: `,"replay":true`}[l.replay])
	case "heartbeat":
		return fmt.Sprintf(`{"heartbeat":{%s"position":%q,"at":1534776439123}}`, optional(`"last":%d,`, l.prev), position)
	case "gap":
		return fmt.Sprintf(`{"gap":{"from":%d,"to":%d,"reason":%q,"position":%q}}`, l.from, l.to, l.reason, position)
	default:
		panic("no text: " + l.kind)
	}
}

func optional(format string, value *uint64) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf(format, *value)
}

// play lets all clients meet their lines, and judges.
func (m *model) play() (map[audit.Fault]int, []audit.Finding, error) {
	for client, script := range m.scripts {
		for _, l := range script {
			if l.kind == "socket" {
				m.trial.Connect(client)
				continue
			}
			if _, err := m.trial.Message(client, m.render(client, l)); err != nil {
				return nil, nil, err
			}
		}
	}
	count, found := m.trial.Judge()
	return count, found, nil
}

// events returns where the events are in a client's script that ok holds for.
func (m *model) events(client int, ok func(line) bool) []int {
	var at []int
	for i, l := range m.scripts[client] {
		if l.kind == "event" && ok(l) {
			at = append(at, i)
		}
	}
	return at
}
