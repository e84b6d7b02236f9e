package event

// maxDepth is how deep a body may nest. The top object or array is at depth 1,
// one inside it at 2, and so on; scalars add nothing. So 32 brackets open at
// once are allowed, and the 33rd is too deep.
const maxDepth = 32

// scanner walks JSON text by the grammar of RFC 8259, strictly, without
// allocating. It recurses no deeper than maxDepth. It leaves UTF-8 to its
// caller. Its methods take the offset in text at which what they are named for
// begins and return the one behind it, or bad where it is not there; after that
// the scanner is of no more use but for its fault. Offsets go from call to call,
// not through memory: this is most of what decoding takes.
type scanner struct {
	text []byte
	// inner are objects directly inside the one that is scanned, whose members are
	// kept as well.
	inner []inner
	// depth is the number of objects and arrays open.
	depth int
	// deep is set when a bracket would have opened beyond maxDepth.
	deep bool
}

// inner is an object that is the value of a member, so that it is not scanned
// again for its own.
type inner struct {
	key     string // of that member as published, with its quotes; fixed
	members object
	kept    bool // members are those of the object
}

// bad is no offset: what was looked for is not there.
const bad = -1

// fault is the reason why a method returned bad.
func (s *scanner) fault() Reason {
	if s.deep {
		return TooDeep
	}
	return NotJSON
}

// value moves past a value of any kind.
func (s *scanner) value(at int) int {
	if at >= len(s.text) {
		return bad
	}
	switch s.text[at] {
	case '{':
		return s.object(at, nil)
	case '[':
		return s.array(at)
	case '"':
		end, _ := s.string(at)
		return end
	case 't':
		return s.literal(at, "true")
	case 'f':
		return s.literal(at, "false")
	case 'n':
		return s.literal(at, "null")
	default:
		return s.number(at)
	}
}

// object moves past an object and appends its members to into, unless that is nil.
func (s *scanner) object(at int, into *object) int {
	if at = s.open(at); at == bad {
		return bad
	}
	if s.is('}', at) {
		return s.shut(at)
	}
	for {
		key := at
		keyEnd, escaped := s.string(at)
		if at = s.colon(keyEnd); at == bad {
			return bad
		}
		value := at
		if into == nil {
			at = s.value(at)
		} else {
			at = s.innerValue(s.text[key:keyEnd], at)
		}
		if at == bad {
			return bad
		}
		if into != nil {
			*into = append(*into, newMember(s.text[key:at], keyEnd-key, value-key, escaped))
		}
		at = s.space(at)
		if s.is('}', at) {
			return s.shut(at)
		}
		if !s.is(',', at) {
			return bad
		}
		at = s.space(at + 1)
	}
}

// colon moves past the colon behind a key and the white space around it. Where
// there is no key it returns bad.
func (s *scanner) colon(at int) int {
	if at == bad {
		return bad
	}
	if at = s.space(at); !s.is(':', at) {
		return bad
	}
	return s.space(at + 1)
}

// innerValue moves past the value of the member with that key of an object whose
// members are kept.
func (s *scanner) innerValue(key []byte, at int) int {
	if s.depth == 1 && s.is('{', at) {
		for i := range s.inner {
			if in := &s.inner[i]; string(key) == in.key {
				in.members.empty()
				end := s.object(at, &in.members)
				in.kept = end != bad
				return end
			}
		}
	}
	return s.value(at)
}

// array moves past an array.
func (s *scanner) array(at int) int {
	if at = s.open(at); at == bad {
		return bad
	}
	if s.is(']', at) {
		return s.shut(at)
	}
	for {
		if at = s.value(at); at == bad {
			return bad
		}
		at = s.space(at)
		if s.is(']', at) {
			return s.shut(at)
		}
		if !s.is(',', at) {
			return bad
		}
		at = s.space(at + 1)
	}
}

// element moves past the next element of an array that is known to be good: at is
// that of the array's opening bracket, or what the call before returned. Behind
// the last element it returns bad.
func (s *scanner) element(at int) (element []byte, end int) {
	if s.is(']', at) {
		return nil, bad
	}
	from := s.space(at + 1) // the opening bracket, or the comma
	if s.is(']', from) {
		return nil, bad
	}
	end = s.value(from)
	if end == bad {
		return nil, bad
	}
	return s.text[from:end], s.space(end)
}

// literal moves past word.
func (s *scanner) literal(at int, word string) int {
	end := at + len(word)
	if end > len(s.text) || string(s.text[at:end]) != word {
		return bad
	}
	return end
}

// open moves past an opening bracket and the white space after it.
func (s *scanner) open(at int) int {
	if s.depth == maxDepth {
		s.deep = true
		return bad
	}
	s.depth++
	return s.space(at + 1)
}

// shut moves past a closing bracket.
func (s *scanner) shut(at int) int {
	s.depth--
	return at + 1
}

// is reports whether c stands at that offset.
func (s *scanner) is(c byte, at int) bool { return at < len(s.text) && s.text[at] == c }

// space moves past white space, of which there may be none.
func (s *scanner) space(at int) int {
	for at < len(s.text) && s.text[at] <= ' ' && isSpace(s.text[at]) {
		at++
	}
	return at
}

// isSpace reports whether c is white space to JSON (RFC 8259 §2).
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t'
}
