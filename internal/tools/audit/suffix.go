package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// suffix holds the keys that the server adds to an event on a socket that resumes.
type suffix struct {
	Position string  `json:"position"`
	Prev     *uint64 `json:"prev"`
	At       int64   `json:"at"`
	Replay   bool    `json:"replay"`
}

var errSuffix = errors.New("the event does not end with the keys of a socket that resumes, as the protocol writes them")

// parseSuffix parses the text after the event itself: `,"position":"52.1b0a77e3",
// "prev":48,"at":1534776439123,"replay":true}`, where prev and replay are optional.
// Any other form is an error, returned with the values that could be read.
func parseSuffix(text []byte) (suffix, error) {
	if s, ok := scanSuffix(text); ok {
		return s, nil
	}
	var s suffix
	if rest, ok := bytes.CutPrefix(text, []byte{','}); ok {
		_ = json.Unmarshal(append([]byte{'{'}, rest...), &s) // the form is wrong anyway
	}
	return s, fmt.Errorf("%w: %.200q", errSuffix, text)
}

// scanSuffix parses the form that the protocol prescribes, without encoding/json.
func scanSuffix(text []byte) (s suffix, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`,"position":"`))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 {
		return s, false
	}
	s.Position, rest = string(rest[:end]), rest[end+1:]
	if _, err := parsePosition(s.Position); err != nil {
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

// scanNumber parses the number below 2^53 at the start of text.
func scanNumber(text []byte) (n uint64, rest []byte, ok bool) {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseUint(string(text[:digits]), 10, 53)
	return n, text[digits:], err == nil && (digits == 1 || text[0] != '0')
}
