package event

import "bytes"

// owner is what the search for one recipient found.
type owner struct {
	// uid is the recipient, empty where it is not known.
	uid UID
	// undelivered is why it is not known: NoOwner or UnknownMember.
	undelivered Reason
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
// ASCII digits, and becomes a uid through the Directory.
func (d *Decoder) findOwner(headers Headers, body, own object, uidKey, idKey string) (owner, Reason) {
	found, ok := d.ownerInHeaders(headers, uidKey, idKey)
	if !ok {
		return owner{}, BadHeader
	}
	if found == (owner{}) {
		found, ok = d.ownerInObject(body, uidKey, idKey)
	}
	if ok && found == (owner{}) {
		found, ok = d.ownerInObject(own, "member_uid", "member_id")
	}
	if !ok {
		return owner{}, BadField
	}
	if found == (owner{}) {
		return owner{undelivered: NoOwner}, ""
	}
	return found, ""
}

// ownerInHeaders returns what the headers say, the zero owner where they say
// nothing. It reports false where they are bad.
func (d *Decoder) ownerInHeaders(headers Headers, uidKey, idKey string) (owner, bool) {
	switch h := headers.Header(uidKey); h.Kind {
	case NoHeader:
	case TextHeader:
		if !isBlank(h.Text) {
			return d.ownerByUID(h.Text)
		}
	default:
		return owner{}, false
	}
	switch h := headers.Header(idKey); h.Kind {
	case NoHeader:
		return owner{}, true
	case TextHeader:
		return d.ownerByID(h.Text)
	case IntegerHeader:
		var room [20]byte
		return d.resolve(h.appendInteger(room[:0])), true
	default:
		return owner{}, false
	}
}

// ownerInObject returns what the members of o say, the zero owner where they
// say nothing. It reports false where they are bad.
func (d *Decoder) ownerInObject(o object, uidKey, idKey string) (owner, bool) {
	if v := o.value(uidKey); !isNull(v) {
		text, ok := stringValue(v)
		if !ok {
			return owner{}, false
		}
		if !isBlank(text) {
			return d.ownerByUID(text)
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
		return d.resolve(v), true
	}
	text, ok := stringValue(v)
	if !ok {
		return owner{}, false
	}
	return d.ownerByID(text)
}

// ownerByUID returns the owner with the uid that text is. It reports false where
// text is none.
func (d *Decoder) ownerByUID(text []byte) (owner, bool) {
	if !isPlain(text) {
		uid, ok := ParseUID(string(text))
		return owner{uid: uid}, ok
	}
	return owner{uid: UID(d.names.of(text))}, true
}

// isPlain reports whether text is a uid of ASCII letters and the like.
func isPlain(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return 0 < len(text) && len(text) <= MaxUID
}

// ownerByID returns the owner with the member id that text is, the zero owner
// where text is blank. It reports false where text is no member id.
func (d *Decoder) ownerByID(text []byte) (owner, bool) {
	if isBlank(text) {
		return owner{}, true
	}
	for _, c := range text {
		if !isDigit(c) {
			return owner{}, false
		}
	}
	return d.resolve(text), true
}

// isBlank reports whether text is nothing but white space.
func isBlank(text []byte) bool {
	return len(bytes.TrimSpace(text)) == 0
}

// stringValue returns the text of a good value. It reports false where the value
// is no string, or one with an unpaired surrogate.
func stringValue(value []byte) ([]byte, bool) {
	if value[0] != '"' {
		return nil, false
	}
	return unescape(value)
}
