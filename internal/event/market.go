package event

import "bytes"

// Market returns the market that the event of a socket message is of: its
// `market_id`, or where that is absent or null its `market`, unescaped; a number
// or a boolean by its text. It reports false where the event has neither. The
// result may be a part of message; nothing is allocated where there are no
// escapes.
func Market(message []byte) (market []byte, ok bool) {
	// Behind the one key, which has no colon: so the body nests as deep as it did
	// when it was decoded.
	i := bytes.IndexByte(message, ':')
	if i < 0 {
		return nil, false
	}
	s := scanner{text: message, at: i + 1}
	s.space()
	if s.at == len(message) || message[s.at] != '{' || !s.open() {
		return nil, false
	}
	for {
		name, value, more := s.member()
		switch {
		case !more:
			return market, ok
		case isNull(value) || !isScalar(value):
		case string(name) == "market_id":
			return scalarText(value), true
		case string(name) == "market":
			market, ok = scalarText(value), true
		}
	}
}

// member moves past the next member of the object that the scanner stands in,
// and the comma behind it, and returns its name and its value. It reports false
// where there is none, or none that is good.
func (s *scanner) member() (name, value []byte, ok bool) {
	from := s.at
	if !s.string() {
		return nil, nil, false
	}
	name, _ = unescape(s.text[from:s.at])
	s.space()
	if !s.skip(':') {
		return nil, nil, false
	}
	s.space()
	from = s.at
	if !s.value() {
		return nil, nil, false
	}
	value = s.text[from:s.at]
	s.space()
	s.skip(',')
	s.space()
	return name, value, true
}

// scalarText returns what a good scalar says.
func scalarText(value []byte) []byte {
	if value[0] != '"' {
		return value
	}
	text, _ := unescape(value)
	return text
}
