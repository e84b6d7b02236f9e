package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"ranger/internal/tools/audit"
)

// line is one step of a client's script: a new socket or a message.
type line struct {
	kind   string // socket, success, event, heartbeat, gap
	n      audit.Serial
	offset uint64
	check  uint32
	prev   *uint64 // an event's prev, a heartbeat's last
	replay bool

	resumed  *bool // a success line's
	from, to int64 // a gap's
	reason   string
	edit     func(text string) string // changes the event's text without its suffix
}

// model is a randomly drawn run without faults: the broker's answers, and the
// script of each client.
type model struct {
	trial   *audit.Trial
	entries []audit.SentEvent
	stream  []audit.Serial // in stream order
	sockets int
	scripts [][]line // by client
}

// drawModel draws a run of up to 60 events without faults.
func drawModel(t *rapid.T) *model {
	users, sockets := rapid.IntRange(1, 4).Draw(t, "users"), rapid.IntRange(1, 2).Draw(t, "sockets")
	m := &model{trial: audit.NewTrial(users, sockets), sockets: sockets}
	conn := uint32(1)
	for n := range audit.Serial(rapid.IntRange(1, 60).Draw(t, "events")) {
		first := time.Duration(n) * 10 * time.Millisecond
		e := audit.SentEvent{First: first, Last: first, Confirmed: first + 3*time.Millisecond, Conn: conn, Tries: 1}
		index := len(m.stream)
		switch rapid.IntRange(0, 9).Draw(t, "fate") {
		case 0: // sent again on another connection; the later copy counts
			conn++
			e.Tries, e.Last = 2, first+time.Second
			e.Confirmed = e.Last + time.Millisecond
		case 1: // sent again; the earlier copy counts
			e.Tries = 2
			index = rapid.IntRange(0, len(m.stream)).Draw(t, "index")
		case 2: // never confirmed, but stored at a random index
			e.Confirmed = 0
			index = rapid.IntRange(0, len(m.stream)).Draw(t, "index")
		case 3: // neither confirmed nor stored
			e.Confirmed, index = 0, -1
		}
		m.entries = append(m.entries, e)
		m.trial.Add(e)
		if index >= 0 {
			m.stream = slices.Insert(m.stream, index, n)
		}
	}
	m.script(t)
	return m
}

// script writes the script of each client for the stream.
func (m *model) script(t *rapid.T) {
	m.scripts = make([][]line, m.trial.Clients())
	for client := range m.scripts {
		user := client / m.sockets
		head := uint64(99)
		lines := []line{{kind: "socket"}, {kind: "success", offset: head}}
		var last *uint64
		replay := false
		heartbeat := func() {
			lines = append(lines, line{kind: "heartbeat", offset: head, prev: last})
			replay = false
		}
		for i, n := range m.stream {
			if !m.trial.Involves(n, user) {
				continue
			}
			offset := uint64(100 + 2*i) // offsets have holes
			lines = append(lines, line{kind: "event", n: n, offset: offset, check: uint32(n), prev: last, replay: replay})
			head, last = offset, &offset
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

// render returns the text of a message.
func (m *model) render(client int, l line) string {
	position := fmt.Sprintf("%d.%08x", l.offset, l.check)
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
		panic("line without text: " + l.kind)
	}
}

func optional(format string, value *uint64) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf(format, *value)
}

// play plays all scripts and compares.
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
	count, found := m.trial.Compare()
	return count, found, nil
}

// events returns the indexes of the events in a client's script for which ok holds.
func (m *model) events(client int, ok func(line) bool) []int {
	var at []int
	for i, l := range m.scripts[client] {
		if l.kind == "event" && ok(l) {
			at = append(at, i)
		}
	}
	return at
}
