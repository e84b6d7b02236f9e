package event

import (
	"bytes"
	"strings"
)

// owner is what the search for one recipient found.
type owner struct {
	// uid is the recipient, empty where it is not known.
	uid UID
	// unrouted is why it is not known: NoOwner or UnknownMember.
	unrouted Reason
	// member is the id of an UnknownMember.
	member string
}

// findOwner looks for a recipient in the headers, in the body and in the
// recipient's own order of a Trade, in this order: in each first the uid, then
// the member id. uidKey and idKey are their keys in the headers and the body.
//
// Null and blank count as absent, blank being nothing but Unicode white space.
// The first one present ends the search, and what lies after it is not looked
// at, whatever it is. The Reason is BadHeader or BadField where the search met
// what is neither absent nor a uid or id.
//
// A uid is what ParseUID takes. An id is an integer of any width or a string of
// ASCII digits, and becomes a uid through members.
func findOwner(members Directory, headers map[string]any, body, own object, uidKey, idKey string) (owner, Reason) {
	found, ok := ownerInHeaders(members, headers, uidKey, idKey)
	if !ok {
		return owner{}, BadHeader
	}
	if found == (owner{}) {
		found, ok = ownerInObject(members, body, uidKey, idKey)
	}
	if ok && found == (owner{}) {
		found, ok = ownerInObject(members, own, "member_uid", "member_id")
	}
	if !ok {
		return owner{}, BadField
	}
	if found == (owner{}) {
		return owner{unrouted: NoOwner}, ""
	}
	return found, ""
}

// ownerInHeaders returns what the headers say, the zero owner where they say
// nothing. It reports false where they are bad.
func ownerInHeaders(members Directory, headers map[string]any, uidKey, idKey string) (owner, bool) {
	switch v := headers[uidKey].(type) {
	case nil:
	case string:
		if !isBlank(v) {
			uid, ok := ParseUID(v)
			return owner{uid: uid}, ok
		}
	default:
		return owner{}, false
	}
	switch v := headers[idKey].(type) {
	case nil:
		return owner{}, true
	case string:
		return ownerByID(members, v)
	default:
		id, ok := integerID(v)
		if !ok {
			return owner{}, false
		}
		return resolve(members, id), true
	}
}

// ownerInObject returns what the members of o say, the zero owner where they
// say nothing. It reports false where they are bad.
func ownerInObject(members Directory, o object, uidKey, idKey string) (owner, bool) {
	if v := o.value(uidKey); !isNull(v) {
		text, ok := stringValue(v)
		if !ok {
			return owner{}, false
		}
		if !isBlank(text) {
			uid, ok := ParseUID(text)
			return owner{uid: uid}, ok
		}
	}
	v := o.value(idKey)
	if isNull(v) {
		return owner{}, true
	}
	if v[0] == '-' || isDigit(v[0]) {
		if bytes.ContainsAny(v, ".eE") {
			return owner{}, false
		}
		if string(v) == "-0" {
			v = v[1:]
		}
		return resolve(members, string(v)), true
	}
	text, ok := stringValue(v)
	if !ok {
		return owner{}, false
	}
	return ownerByID(members, text)
}

// ownerByID returns the owner with the member id that text is, the zero owner
// where text is blank. It reports false where text is no member id.
func ownerByID(members Directory, text string) (owner, bool) {
	if isBlank(text) {
		return owner{}, true
	}
	for i := range len(text) {
		if !isDigit(text[i]) {
			return owner{}, false
		}
	}
	return resolve(members, text), true
}

// isBlank reports whether text is nothing but white space.
func isBlank(text string) bool {
	return strings.TrimSpace(text) == ""
}

// stringValue returns a copy of the text of a good value. It reports false where
// the value is no string, or one with an unpaired surrogate.
func stringValue(value []byte) (string, bool) {
	if value[0] != '"' {
		return "", false
	}
	text, whole := unescape(value)
	return string(text), whole
}
