package hub_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"ranger/internal/journal"
)

// view is what a client that opted in knows from what it was sent. It proves for
// itself that it missed nothing.
type view struct {
	tb testing.TB

	position journal.Position // to come back with
	number   int              // of the last event; 0 for none
	events   []string         // without what ranger adds
	replays  int              // events that were replays
	beats    int
	gaps     int
	loose    bool // the chain is not known to hold: the next event may have any prev
}

func (v *view) last() int { return v.number }

// extra is what ranger adds to events, and what stands in other messages.
type extra struct {
	Position  string `json:"position"`
	Prev      *int   `json:"prev"`
	At        *int64 `json:"at"`
	Replay    *bool  `json:"replay"`
	Gap       *extra `json:"gap"`
	Heartbeat *struct {
		Last     *int   `json:"last"`
		Position string `json:"position"`
		At       *int64 `json:"at"`
	} `json:"heartbeat"`
	Trade     json.RawMessage `json:"trade"`
	Orderbook json.RawMessage `json:"orderbook"`
}

// take takes a message, which must be an event, a gap or a heartbeat.
func (v *view) take(text string) {
	v.tb.Helper()
	var m extra
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		v.tb.Fatalf("%s: %v", text, err)
	}
	switch {
	case m.Heartbeat != nil:
		v.beats++
		v.move(text, m.Heartbeat.Position, true)
		if last := m.Heartbeat.Last; v.number != 0 && !v.loose && (last == nil || *last != v.number) {
			v.tb.Errorf("%s: the last event was %d", text, v.number)
		}
	case m.Gap != nil:
		v.gaps++
		v.move(text, m.Gap.Position, false)
	case m.Trade != nil || m.Orderbook != nil:
		v.takeEvent(text, &m)
	default:
		v.tb.Fatalf("%s: what is it?", text)
	}
}

func (v *view) takeEvent(text string, m *extra) {
	v.tb.Helper()
	v.move(text, m.Position, false)
	if v.number != 0 && !v.loose && (m.Prev == nil || *m.Prev != v.number) {
		v.tb.Errorf("%s: the event before was %d", text, v.number)
	}
	if m.At == nil {
		v.tb.Errorf("%s: it has no time", text)
	}
	if m.Replay != nil {
		v.replays++
		if !*m.Replay {
			v.tb.Errorf("%s: replay is never false", text)
		}
	}
	v.number, v.loose = int(v.position.Offset), false
	key, body := "trade", m.Trade
	if m.Orderbook != nil {
		key, body = "orderbook", m.Orderbook
	}
	v.events = append(v.events, `{"`+key+`":`+string(body)+`}`)
}

// move moves the position on; a heartbeat may tell the same once more.
func (v *view) move(text, position string, again bool) {
	v.tb.Helper()
	p, ok := journal.ParsePosition(position)
	if !ok {
		v.tb.Fatalf("%s: it has no position", text)
	}
	started := v.position != journal.Position{}
	if started && (p.Offset < v.position.Offset || p.Offset == v.position.Offset && !again) {
		v.tb.Errorf("%s: it comes behind %s", text, v.position)
	}
	v.position = p
}

// readFor reads the messages of a time.
func (c *client) readFor(d time.Duration) (texts []string) {
	c.tb.Helper()
	until := time.Now().Add(d)
	for {
		_ = c.SetReadDeadline(until)
		f, err := readFrame(c.in)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return texts
		}
		if err != nil {
			c.tb.Fatalf("read: %v", err)
		}
		texts = append(texts, f.payload)
	}
}
