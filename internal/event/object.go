package event

import (
	"bytes"
	"slices"
)

// fewMembers is how many members are looked through one by one for a second of the
// same name.
const fewMembers = 24

// object is the members of a JSON object as published, each name once.
type object []member

// member is one key and its value. Its slices are parts of the body, but for a
// name that had escapes.
type member struct {
	// name is the key unescaped, an unpaired surrogate as U+FFFD.
	name []byte
	// text is key, colon and value as published, and white space between them.
	text []byte
	// keyLen is how long the key is with its quotes, and from where the value begins.
	keyLen, from int
}

// newMember returns the member that is published as text, with a key that has
// escapes or not.
func newMember(text []byte, keyLen, from int, escaped bool) member {
	name := text[1 : keyLen-1]
	if escaped {
		name, _ = unescape(text[:keyLen])
	}
	return member{name: name, text: text, keyLen: keyLen, from: from}
}

// key returns the key as published, with its quotes.
func (m *member) key() []byte { return m.text[:m.keyLen] }

// value returns the value as published, without white space around it.
func (m *member) value() []byte { return m.text[m.from:] }

// parse returns the members of the object that text is, in that room, which it
// makes larger where they do not fit, and keeps those of the inner objects. The
// Reason says what is wrong with text, or nothing.
func parse(room *object, text []byte, inner []inner) (object, Reason) {
	room.empty()
	for i := range inner {
		inner[i].kept = false
	}
	s := scanner{text: text, inner: inner}
	at := s.space(0)
	isObject := s.is('{', at)
	if isObject {
		at = s.object(at, room)
	} else {
		at = s.value(at)
	}
	if at == bad {
		return nil, s.fault()
	}
	switch {
	case s.space(at) != len(text):
		return nil, NotJSON
	case !isObject:
		return nil, NotObject
	case room.repeats():
		return nil, DuplicateKey
	}
	return *room, ""
}

// empty makes o one without members, which is not nil.
func (o *object) empty() {
	if *o == nil {
		*o = make(object, 0, fewMembers)
	}
	*o = (*o)[:0]
}

// repeats reports whether two members have the same name.
func (o object) repeats() bool {
	if len(o) > fewMembers {
		// A publisher may send very many; this is where n² would hurt.
		names := make([][]byte, len(o))
		for i, m := range o {
			names[i] = m.name
		}
		slices.SortFunc(names, bytes.Compare)
		return len(slices.CompactFunc(names, bytes.Equal)) < len(o)
	}
	for i := range o {
		for j := range i {
			if string(o[i].name) == string(o[j].name) {
				return true
			}
		}
	}
	return false
}

// value returns the value of the member with that name, nil where there is none.
func (o object) value(name string) []byte {
	for i := range o {
		if string(o[i].name) == name {
			return o[i].value()
		}
	}
	return nil
}

// isNull reports whether a good value is null or not there.
func isNull(value []byte) bool {
	return len(value) == 0 || value[0] == 'n'
}

// isScalar reports whether a good value is neither an object nor an array.
func isScalar(value []byte) bool {
	return value[0] != '{' && value[0] != '['
}

// appendMember appends m to the object that dst ends in.
func appendMember(dst []byte, m *member) []byte {
	value := m.value()
	if m.from == m.keyLen+1 && isScalar(value) { // there is no white space in it
		return append(appendComma(dst), m.text...)
	}
	return appendCompact(appendKey(dst, m.key()), value)
}

// appendKey appends a key as published to the object that dst ends in.
func appendKey(dst, key []byte) []byte {
	return append(append(appendComma(dst), key...), ':')
}

// appendComma appends a comma to the object that dst ends in, unless nothing stands
// in it yet.
func appendComma(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

// appendName appends a key of ours to an object that dst ends in and that has
// no key of that name.
func appendName(dst []byte, name string) []byte {
	dst = append(appendComma(dst), '"')
	dst = append(dst, name...)
	return append(dst, `":`...)
}

// appendCompact appends a good value less the white space outside strings.
func appendCompact(dst, value []byte) []byte {
	if isScalar(value) {
		return append(dst, value...)
	}
	s := scanner{text: value}
	for at := 0; at < len(value); {
		switch c := value[at]; {
		case c == '"':
			end, _ := s.string(at)
			dst = append(dst, value[at:end]...)
			at = end
		case isSpace(c):
			at++
		default:
			dst = append(dst, c)
			at++
		}
	}
	return dst
}
