package hub_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"ranger/internal/journal"
)

// view is what a client that opted in knows from what it was sent. It verifies that it missed
// nothing.
type view struct {
	tb testing.TB

	position journal.Position // to resume from
	number   int              // of the last event; 0 for none
	events   []string         // without the fields that ranger adds
	replays  int              // events that were replays
	beats    int
	gaps     int
	loose    bool // the chain is interrupted: the next event may have any prev
}

func (v *view) last() int { return v.number }

// extra is what ranger adds to events, and the contents of other messages.
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

// take checks a message, which must be an event, a gap or a heartbeat.
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
			v.tb.Errorf("%s: last must be %d", text, v.number)
		}
	case m.Gap != nil:
		v.gaps++
		v.move(text, m.Gap.Position, false)
	case m.Trade != nil || m.Orderbook != nil:
		v.takeEvent(text, &m)
	default:
		v.tb.Fatalf("%s: must be an event, a gap or a heartbeat", text)
	}
}

func (v *view) takeEvent(text string, m *extra) {
	v.tb.Helper()
	v.move(text, m.Position, false)
	if v.number != 0 && !v.loose && (m.Prev == nil || *m.Prev != v.number) {
		v.tb.Errorf("%s: prev must be %d", text, v.number)
	}
	if m.At == nil {
		v.tb.Errorf("%s: must have a time", text)
	}
	if m.Replay != nil {
		v.replays++
		if !*m.Replay {
			v.tb.Errorf("%s: replay must be true or absent", text)
		}
	}
	v.number, v.loose = int(v.position.Offset), false
	key, body := "trade", m.Trade
	if m.Orderbook != nil {
		key, body = "orderbook", m.Orderbook
	}
	v.events = append(v.events, `{"`+key+`":`+string(body)+`}`)
}

// move checks that the position advances; a heartbeat may repeat it.
func (v *view) move(text, position string, again bool) {
	v.tb.Helper()
	p, ok := journal.ParsePosition(position)
	if !ok {
		v.tb.Fatalf("%s: must have a position", text)
	}
	started := v.position != journal.Position{}
	if started && (p.Offset < v.position.Offset || p.Offset == v.position.Offset && !again) {
		v.tb.Errorf("%s: must be after %s", text, v.position)
	}
	v.position = p
}

// readFor reads the messages that come within a time.
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
