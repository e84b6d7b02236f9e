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
	// key is the key as published, with its quotes.
	key []byte
	// value is the value as published, without white space around it.
	value []byte
}

// newMember returns the member of a key as published, which has escapes or not, and
// its value.
func newMember(key, value []byte, escaped bool) member {
	name := key[1 : len(key)-1]
	if escaped {
		name, _ = unescape(key)
	}
	return member{name: name, key: key, value: value}
}

// parse returns the members of the object that text is, in that room, which it
// makes larger where they do not fit. The Reason says what is wrong with text, or
// nothing.
func parse(room *object, text []byte) (object, Reason) {
	if *room == nil {
		*room = make(object, 0, fewMembers)
	}
	dst := (*room)[:0]
	s := scanner{text: text}
	s.space()
	isObject := s.at < len(text) && text[s.at] == '{'
	var ok bool
	if isObject {
		dst, ok = s.object(dst, true)
	} else {
		ok = s.value()
	}
	if !ok {
		return nil, s.fault()
	}
	if isObject {
		*room = dst
	}
	s.space()
	switch {
	case s.at != len(text):
		return nil, NotJSON
	case !isObject:
		return nil, NotObject
	case dst.repeats():
		return nil, DuplicateKey
	}
	return dst, ""
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
			return o[i].value
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
func appendMember(dst []byte, m member) []byte {
	return appendCompact(appendKey(dst, m.key), m.value)
}

// appendKey appends a key as published to the object that dst ends in.
func appendKey(dst, key []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, key...)
	return append(dst, ':')
}

// appendName appends a key of ours to an object that dst ends in and that has
// no key of that name.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, `":`...)
}

// appendCompact appends a good value less the white space outside strings.
func appendCompact(dst, value []byte) []byte {
	if isScalar(value) {
		return append(dst, value...)
	}
	s := scanner{text: value}
	for s.at < len(value) {
		from := s.at
		switch c := value[from]; {
		case c == '"':
			s.string()
			dst = append(dst, value[from:s.at]...)
		case isSpace(c):
			s.at++
		default:
			s.at++
			dst = append(dst, c)
		}
	}
	return dst
}
