package audit

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

// parsePlace reads a position, which can be written in one way.
func parsePlace(text string) (place, error) {
	number, check, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(number, 10, 53)
	c, badCheck := strconv.ParseUint(check, 16, 32)
	p := place{n, uint32(c)}
	if err != nil || badCheck != nil || p.String() != text {
		return place{}, fmt.Errorf("%.40q is no position", text)
	}
	return p, nil
}

// suffix is what an event bears on a socket that resumes.
type suffix struct {
	Position string  `json:"position"`
	Prev     *uint64 `json:"prev"`
	At       int64   `json:"at"`
	Replay   bool    `json:"replay"`
}

var errSuffix = errors.New("the event does not end with the keys of a socket that resumes, as the protocol writes them")

// parseSuffix reads what follows the event itself: `,"position":"52.1b0a77e3",
// "prev":48,"at":1534776439123,"replay":true}`, prev and replay as they may be.
// Every other form is an error; what can be read of it comes with that.
func parseSuffix(text []byte) (suffix, error) {
	if s, ok := scanSuffix(text); ok {
		return s, nil
	}
	var s suffix
	if rest, ok := bytes.CutPrefix(text, []byte{','}); ok {
		_ = json.Unmarshal(append([]byte{'{'}, rest...), &s) // it is wrong as it is
	}
	return s, fmt.Errorf("%w: %.200q", errSuffix, text)
}

// scanSuffix is parseSuffix for the form of the protocol.
func scanSuffix(text []byte) (s suffix, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`,"position":"`))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 {
		return s, false
	}
	s.Position, rest = string(rest[:end]), rest[end+1:]
	if _, err := parsePlace(s.Position); err != nil {
		return s, false
	}
	if after, found := bytes.CutPrefix(rest, []byte(`,"prev":`)); found {
		prev, after, ok := scanNumber(after)
		if !ok {
			return s, false
		}
		s.Prev, rest = &prev, after
	}
	rest, found := bytes.CutPrefix(rest, []byte(`,"at":`))
	at, rest, ok := scanNumber(rest)
	s.At = int64(at) //nolint:gosec // below 2^53
	rest, s.Replay = bytes.CutPrefix(rest, []byte(`,"replay":true`))
	return s, found && ok && string(rest) == "}" && s.At != 0
}

// scanNumber reads the number below 2^53 that text begins with.
func scanNumber(text []byte) (n uint64, rest []byte, ok bool) {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseUint(string(text[:digits]), 10, 53)
	return n, text[digits:], err == nil && (digits == 1 || text[0] != '0')
}
