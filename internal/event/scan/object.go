package scan

import (
	"bytes"
	"iter"
	"slices"
)

// fewMembers is up to how many members duplicates are searched for by comparing each
// pair.
const fewMembers = 24

// Object is the members of a JSON object in the order of the text.
type Object []Member

// Inner selects a member of an object whose value, if it is an object, is parsed in
// the same pass.
type Inner struct {
	// Key is the member's key as it is written, with its quotes; fixed.
	Key string
	// Object has the value's members. It is valid if Found is true.
	Object Object
	// Found reports whether there was such a member and its value was an object. It
	// is not set if the key was written with escapes.
	Found bool
}

// Parse parses text, which must be one JSON object, and replaces the members of o by
// the object's. The members share memory with text. It also parses the objects that
// inner selects, in which it does not search for duplicates.
//
// The error is the first of ErrSyntax or ErrDepth, whichever comes first in the
// text, ErrNotObject and ErrDuplicate. o is never nil afterwards.
func (o *Object) Parse(text []byte, inner []Inner) error {
	o.empty()
	for i := range inner {
		inner[i].Found = false
	}
	s := scanner{text: text, inner: inner}
	at := s.space(0)
	isObject := s.is('{', at)
	if isObject {
		at = s.object(at, o)
	} else {
		at = s.value(at)
	}
	if at == bad {
		return s.err()
	}
	switch {
	case s.space(at) != len(text):
		return ErrSyntax
	case !isObject:
		return ErrNotObject
	case o.HasDuplicate():
		return ErrDuplicate
	}
	return nil
}

// empty removes all members and makes o non-nil.
func (o *Object) empty() {
	if *o == nil {
		*o = make(Object, 0, fewMembers)
	}
	*o = (*o)[:0]
}

// HasDuplicate reports whether two members have the same name.
func (o Object) HasDuplicate() bool {
	if len(o) > fewMembers {
		// Comparing each pair of thousands of members would take too long.
		names := make([][]byte, len(o))
		for i, m := range o {
			names[i] = m.Name
		}
		slices.SortFunc(names, bytes.Compare)
		return len(slices.CompactFunc(names, bytes.Equal)) < len(o)
	}
	for i := range o {
		for j := range i {
			if string(o[i].Name) == string(o[j].Name) {
				return true
			}
		}
	}
	return false
}

// Value returns the value of the member with that name, or nil if there is none.
func (o Object) Value(name string) []byte {
	for i := range o {
		if string(o[i].Name) == name {
			return o[i].Value()
		}
	}
	return nil
}

// Members iterates over the members of the object that text begins with, by their
// unescaped names, to the end of the object or the first fault.
func Members(text []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		s := scanner{text: text}
		at := s.space(0)
		if !s.is('{', at) {
			return
		}
		for at = s.open(at); ; {
			var name, value []byte
			if name, value, at = s.member(at); at == bad || !yield(name, value) {
				return
			}
		}
	}
}

// Elements iterates over the elements of a valid array.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		s := scanner{text: array}
		for element, at := s.element(0); at != bad; element, at = s.element(at) {
			if !yield(element) {
				return
			}
		}
	}
}
