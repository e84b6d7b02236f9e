package event

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// owner is what the search for one recipient found.
type owner struct {
	// uid is the recipient, empty where it is not known.
	uid UID
	// unrouted is why it is not known: NoOwner or UnknownMember.
	unrouted Reason
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
// A uid is a string of at most MaxUID bytes of valid UTF-8 without control
// characters: no other can equal the uid of a token. An id is an integer of any
// width or a string of ASCII digits.
func findOwner(headers map[string]any, body, own object, uidKey, idKey string) (owner, Reason) {
	found, ok := ownerInHeaders(headers, uidKey, idKey)
	if !ok {
		return owner{}, BadHeader
	}
	if found == (owner{}) {
		found, ok = ownerInObject(body, uidKey, idKey)
	}
	if ok && found == (owner{}) {
		found, ok = ownerInObject(own, "member_uid", "member_id")
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
func ownerInHeaders(headers map[string]any, uidKey, idKey string) (owner, bool) {
	switch v := headers[uidKey].(type) {
	case nil:
	case string:
		if uid, ok := parseUID(v); uid != "" || !ok {
			return owner{uid: uid}, ok
		}
	default:
		return owner{}, false
	}
	switch v := headers[idKey].(type) {
	case nil:
		return owner{}, true
	case int8, uint8, int16, uint16, int32, uint32, int64, uint64, int:
		return owner{unrouted: UnknownMember}, true
	case string:
		return ownerByID(v)
	default:
		return owner{}, false
	}
}

// ownerInObject returns what the members of o say, the zero owner where they
// say nothing. It reports false where they are bad.
func ownerInObject(o object, uidKey, idKey string) (owner, bool) {
	if v := o.value(uidKey); !isNull(v) {
		text, ok := stringValue(v)
		if !ok {
			return owner{}, false
		}
		if uid, ok := parseUID(text); uid != "" || !ok {
			return owner{uid: uid}, ok
		}
	}
	v := o.value(idKey)
	if isNull(v) {
		return owner{}, true
	}
	if v[0] == '-' || isDigit(v[0]) {
		isInteger := !bytes.ContainsAny(v, ".eE")
		return owner{unrouted: UnknownMember}, isInteger
	}
	text, ok := stringValue(v)
	if !ok {
		return owner{}, false
	}
	return ownerByID(text)
}

// ownerByID returns the owner with the member id that text is, the zero owner
// where text is blank. It reports false where text is no member id.
func ownerByID(text string) (owner, bool) {
	if isBlank(text) {
		return owner{}, true
	}
	for i := range len(text) {
		if !isDigit(text[i]) {
			return owner{}, false
		}
	}
	return owner{unrouted: UnknownMember}, true
}

// parseUID returns the uid that text is, empty where text is blank. It reports
// false where text is no uid.
func parseUID(text string) (UID, bool) {
	switch {
	case isBlank(text):
		return "", true
	case len(text) > MaxUID, !utf8.ValidString(text), strings.ContainsFunc(text, unicode.IsControl):
		return "", false
	}
	return UID(text), true
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
