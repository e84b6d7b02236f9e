// Package scan reads JSON texts strictly by the grammar of RFC 8259. It returns
// parts of a text as they are written, so a number keeps every digit, and it
// allocates nothing for ordinary texts.
//
// A text must be valid UTF-8, which the caller checks. All functions are safe for
// concurrent use.
package scan

import "errors"

// MaxDepth is how many objects and arrays of a text may be open at once. Scalars
// add nothing to the depth.
const MaxDepth = 32

// What can be wrong with a text.
var (
	// ErrSyntax: the text is not one JSON text of RFC 8259.
	ErrSyntax = errors.New("not a JSON text")
	// ErrDepth: more than MaxDepth objects and arrays are open at once.
	ErrDepth = errors.New("nested too deeply")
	// ErrNotObject: the text is JSON, but not an object.
	ErrNotObject = errors.New("not an object")
	// ErrDuplicate: two members of the object have the same name.
	ErrDuplicate = errors.New("duplicate key")
)

// scanner walks a JSON text and recurses at most MaxDepth deep. Its methods take the
// offset at which something begins and return the offset after it, or bad if it is
// not there; after bad only err may be called. Offsets are passed as arguments and
// results, not in a field: this takes most of the time of a decode, and a field
// would be stored and loaded at each step.
type scanner struct {
	text []byte
	// inner are the values of top-level members whose own members are kept too.
	inner []Inner
	// depth is the number of objects and arrays that are open.
	depth int
	// deep is set if a bracket would have exceeded MaxDepth.
	deep bool
}

// bad is the offset that reports a fault.
const bad = -1

// err returns why a method returned bad.
func (s *scanner) err() error {
	if s.deep {
		return ErrDepth
	}
	return ErrSyntax
}

// value skips a value of any kind.
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

// object skips an object. It appends the object's members to into, unless that is
// nil.
func (s *scanner) object(at int, into *Object) int {
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

// innerValue skips the value of the member with that key. If the value is one of
// s.inner, it keeps the members.
func (s *scanner) innerValue(key []byte, at int) int {
	if s.depth == 1 && s.is('{', at) {
		for i := range s.inner {
			if in := &s.inner[i]; string(key) == in.Key {
				in.Object.empty()
				end := s.object(at, &in.Object)
				in.Found = end != bad
				return end
			}
		}
	}
	return s.value(at)
}

// member skips a member of an object and the comma after it, and returns its name
// and value. The end is bad if there is no further member, or not a valid one.
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

// colon skips the colon after a key and the white space around it. It returns bad
// if at is bad.
func (s *scanner) colon(at int) int {
	if at == bad {
		return bad
	}
	if at = s.space(at); !s.is(':', at) {
		return bad
	}
	return s.space(at + 1)
}

// array skips an array.
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

// element skips the next element of a valid array. at is the offset of the opening
// bracket, or what the previous call returned. After the last element end is bad.
func (s *scanner) element(at int) (element []byte, end int) {
	if s.is(']', at) {
		return nil, bad
	}
	from := s.space(at + 1) // after the opening bracket or the comma
	if s.is(']', from) {
		return nil, bad
	}
	end = s.value(from)
	if end == bad {
		return nil, bad
	}
	return s.text[from:end], s.space(end)
}

// open skips an opening bracket and the white space after it.
func (s *scanner) open(at int) int {
	if s.depth == MaxDepth {
		s.deep = true
		return bad
	}
	s.depth++
	return s.space(at + 1)
}

// shut skips a closing bracket.
func (s *scanner) shut(at int) int {
	s.depth--
	return at + 1
}

// is reports whether the byte at that offset is c.
func (s *scanner) is(c byte, at int) bool { return at < len(s.text) && s.text[at] == c }

// space skips white space, if there is any.
func (s *scanner) space(at int) int {
	for at < len(s.text) && s.text[at] <= ' ' && isSpace(s.text[at]) {
		at++
	}
	return at
}

// isSpace reports whether c is white space in JSON (RFC 8259 §2).
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t'
}
