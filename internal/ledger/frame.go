package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// place is a position as a client sees it, "<number>.<8 hex digits>", in parts:
// the message's number in the stream, and its check.
type place struct {
	number uint64
	check  uint32
}

func (p place) String() string { return fmt.Sprintf("%d.%08x", p.number, p.check) }

// parsePlace reads a position.
func parsePlace(text string) (place, error) {
	number, check, ok := strings.Cut(text, ".")
	n, err := strconv.ParseUint(number, 10, 53)
	c, badCheck := strconv.ParseUint(check, 16, 32)
	if !ok || err != nil || badCheck != nil || len(check) != 8 {
		return place{}, fmt.Errorf("%.40q is no position", text)
	}
	return place{n, uint32(c)}, nil
}

// suffix is what an event bears on a socket that resumes.
type suffix struct {
	Position string  `json:"position"`
	Prev     *uint64 `json:"prev"`
	At       int64   `json:"at"`
	Replay   bool    `json:"replay"`
}

var errSuffix = errors.New("the event does not end with the keys of a socket that resumes")

// parseSuffix reads what follows the event itself: `,"position":"52.1b0a77e3",
// "prev":48,"at":1534776439123,"replay":true}`, prev and replay as they may be.
func parseSuffix(text []byte) (suffix, error) {
	if s, ok := scanSuffix(text); ok {
		return s, nil
	}
	var s suffix
	rest, ok := bytes.CutPrefix(text, []byte{','})
	if !ok || json.Unmarshal(append([]byte{'{'}, rest...), &s) != nil || s.Position == "" || s.At == 0 {
		return suffix{}, fmt.Errorf("%w: %.200q", errSuffix, text)
	}
	return s, nil
}

// scanSuffix is parseSuffix for the form that ranger writes, without
// encoding/json.
func scanSuffix(text []byte) (s suffix, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`,"position":"`))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return s, false
	}
	s.Position, rest = string(rest[:end]), rest[end+1:]
	if after, found := bytes.CutPrefix(rest, []byte(`,"prev":`)); found {
		prev, after, ok := scanNumber(after)
		if !ok {
			return s, false
		}
		s.Prev, rest = &prev, after
	}
	rest, found := bytes.CutPrefix(rest, []byte(`,"at":`))
	at, rest, ok := scanNumber(rest)
	if !found || !ok || at >= 1<<62 {
		return s, false
	}
	s.At = int64(at)
	rest, s.Replay = bytes.CutPrefix(rest, []byte(`,"replay":true`))
	return s, string(rest) == "}" && s.Position != "" && s.At != 0
}

// scanNumber reads the digits that text begins with.
func scanNumber(text []byte) (n uint64, rest []byte, ok bool) {
	for len(text) > 0 && text[0] >= '0' && text[0] <= '9' && n < 1<<59 {
		n, text, ok = n*10+uint64(text[0]-'0'), text[1:], true
	}
	return n, text, ok
}

// control is a message that is no event. One of its fields is set.
type control struct {
	Challenge *string    `json:"challenge"`
	Success   *success   `json:"success"`
	Error     *failure   `json:"error"`
	Heartbeat *heartbeat `json:"heartbeat"`
	Gap       *gap       `json:"gap"`
	Reconnect *reconnect `json:"reconnect"`
	Token     *expiring  `json:"token"`
}

// success is the answer to a good token. What it has beside the message depends
// on what was asked for.
type success struct {
	Message  string `json:"message"`
	Position string `json:"position"`
	Resumed  *bool  `json:"resumed"`
}

// failure is the answer to everything that was not good.
type failure struct {
	Message string `json:"message"`
}

// heartbeat says how far the stream was read, and the number of the user's
// latest event.
type heartbeat struct {
	Last     *uint64 `json:"last"`
	Position string  `json:"position"`
}

// gap announces that events of an interval, in Unix ms, may be lost.
type gap struct {
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Reason   string `json:"reason"`
	Position string `json:"position"`
}

// reconnect announces that the server will close the socket.
type reconnect struct {
	AfterMS int64 `json:"after_ms"`
}

// expiring announces that the token will expire.
type expiring struct {
	ExpiresIn int64 `json:"expires_in"`
}

// parseControl reads a message that is no event.
func parseControl(text []byte) (control, error) {
	var c control
	if err := json.Unmarshal(text, &c); err != nil || c == (control{}) {
		return control{}, fmt.Errorf("a message of no known kind: %.200q", text)
	}
	return c, nil
}
