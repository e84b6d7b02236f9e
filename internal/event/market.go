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
	s := scanner{text: message}
	at := s.space(i + 1)
	if !s.is('{', at) {
		return nil, false
	}
	at = s.open(at)
	for {
		var name, value []byte
		name, value, at = s.member(at)
		switch {
		case at == bad:
			return market, ok
		case isNull(value) || !isScalar(value):
		case string(name) == "market_id":
			return scalarText(value), true
		case string(name) == "market":
			market, ok = scalarText(value), true
		}
	}
}

// member moves past the next member of an object, and the comma behind it, and
// returns its name and its value. It returns bad where there is none, or none that
// is good.
func (s *scanner) member(at int) (name, value []byte, end int) {
	keyEnd, _ := s.string(at)
	from := s.colon(keyEnd)
	if from == bad {
		return nil, nil, bad
	}
	name, _ = unescape(s.text[at:keyEnd])
	end = s.value(from)
	if end == bad {
		return nil, nil, bad
	}
	value = s.text[from:end]
	if end = s.space(end); s.is(',', end) {
		end = s.space(end + 1)
	}
	return name, value, end
}

// scalarText returns what a good scalar says.
func scalarText(value []byte) []byte {
	if value[0] != '"' {
		return value
	}
	text, _ := unescape(value)
	return text
}
