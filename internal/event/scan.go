package event

// maxDepth is how deep a body may nest. The top object or array is at depth 1,
// one inside it at 2, and so on; scalars add nothing. So 32 brackets open at
// once are allowed, and the 33rd is too deep.
const maxDepth = 32

// scanner walks JSON text by the grammar of RFC 8259, strictly, without
// allocating. It recurses no deeper than maxDepth. It leaves UTF-8 to its
// caller. Its methods move past what they are named for and report whether it
// was there; after a false one the scanner is of no more use but for its
// fault.
type scanner struct {
	text []byte
	// at is the offset in text of the next byte to read.
	at int
	// depth is the number of objects and arrays open at that byte.
	depth int
	// deep is set when a bracket would have opened beyond maxDepth.
	deep bool
	// escaped is set by string where it has moved past an escape.
	escaped bool
}

// fault is the reason why a method returned false.
func (s *scanner) fault() Reason {
	if s.deep {
		return TooDeep
	}
	return NotJSON
}

// value moves past a value of any kind.
func (s *scanner) value() bool {
	if s.at == len(s.text) {
		return false
	}
	switch s.text[s.at] {
	case '{':
		_, ok := s.object(nil, false)
		return ok
	case '[':
		return s.array()
	case '"':
		return s.string()
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

// object moves past an object and, with keep, appends its members to dst.
func (s *scanner) object(dst object, keep bool) (object, bool) {
	if !s.open() {
		return dst, false
	}
	if s.skip('}') {
		s.depth--
		return dst, true
	}
	for {
		key := s.at
		if !s.string() {
			return dst, false
		}
		keyEnd, escaped := s.at, s.escaped
		s.space()
		if !s.skip(':') {
			return dst, false
		}
		s.space()
		value := s.at
		if !s.value() {
			return dst, false
		}
		if keep {
			dst = append(dst, newMember(s.text[key:keyEnd], s.text[value:s.at], escaped))
		}
		s.space()
		if s.skip('}') {
			s.depth--
			return dst, true
		}
		if !s.skip(',') {
			return dst, false
		}
		s.space()
	}
}

// array moves past an array.
func (s *scanner) array() bool {
	if !s.open() {
		return false
	}
	if s.skip(']') {
		s.depth--
		return true
	}
	for {
		if !s.value() {
			return false
		}
		s.space()
		if s.skip(']') {
			s.depth--
			return true
		}
		if !s.skip(',') {
			return false
		}
		s.space()
	}
}

// element returns the next element of an array that is known to be good. The
// scanner stands at the array's opening bracket before the first call, and the
// last one returns false.
func (s *scanner) element() ([]byte, bool) {
	if s.skip(']') {
		return nil, false
	}
	s.at++ // the opening bracket, or the comma
	s.space()
	if s.skip(']') {
		return nil, false
	}
	from := s.at
	if !s.value() {
		return nil, false
	}
	element := s.text[from:s.at]
	s.space()
	return element, true
}

// string moves past a string.
func (s *scanner) string() bool {
	if !s.skip('"') {
		return false
	}
	s.escaped = false
	for i := s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c == '\\':
			n := escapeLen(s.text[i:])
			if n == 0 {
				return false
			}
			i += n - 1
			s.escaped = true
		case c < ' ':
			return false
		}
	}
	return false
}

// number moves past a number.
func (s *scanner) number() bool {
	s.skip('-')
	if !s.skip('0') && !s.digits() {
		return false
	}
	if s.skip('.') && !s.digits() {
		return false
	}
	if s.skip('e') || s.skip('E') {
		if !s.skip('+') {
			s.skip('-')
		}
		return s.digits()
	}
	return true
}

// digits moves past one or more digits.
func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at > from
}

// literal moves past word.
func (s *scanner) literal(word string) bool {
	end := s.at + len(word)
	if end > len(s.text) || string(s.text[s.at:end]) != word {
		return false
	}
	s.at = end
	return true
}

// open moves past an opening bracket and the white space after it.
func (s *scanner) open() bool {
	if s.depth == maxDepth {
		s.deep = true
		return false
	}
	s.depth++
	s.at++
	s.space()
	return true
}

// skip moves past c.
func (s *scanner) skip(c byte) bool {
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// space moves past white space, of which there may be none.
func (s *scanner) space() {
	for s.at < len(s.text) && isSpace(s.text[s.at]) {
		s.at++
	}
}

// isSpace reports whether c is white space to JSON (RFC 8259 §2).
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

// isDigit reports whether c is a digit to JSON.
func isDigit(c byte) bool {
	return '0' <= c && c <= '9'
}
