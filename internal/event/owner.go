package event

import (
	"bytes"

	"ranger/internal/event/scan"
)

// owner is what the search for one recipient found.
type owner struct {
	// uid is the recipient, empty if it is not known.
	uid UID
	// missing is why the recipient is not known: NoOwner or UnknownMember.
	missing Reason
	// member is the member id that is not known, if missing is UnknownMember.
	member string
}

// findOwner searches for a recipient in the headers, in the body and in the
// recipient's own order of a Trade, in this order; in each first for the uid, then for
// the member id. uidKey and idKey are their keys in the headers and the body.
//
// Null and blank, which is nothing but Unicode white space, count as absent. The first
// value that is present ends the search, and what follows it is not checked. The
// Reason is BadHeader or BadField if that value is not a uid or member id.
//
// A uid is what ParseUID accepts. A member id is an integer of any width or a string of
// ASCII digits; the Directory returns its uid.
func (d *Decoder) findOwner(headers Headers, body, own scan.Object, uidKey, idKey string) (owner, Reason) {
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
		return owner{missing: NoOwner}, ""
	}
	return found, ""
}

// ownerInHeaders returns the owner that the headers name, or the zero owner if they
// name none. It reports false if they are invalid.
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
		var buf [20]byte
		return d.resolve(h.appendInteger(buf[:0])), true
	default:
		return owner{}, false
	}
}

// ownerInObject returns the owner that the members of o name, or the zero owner if
// they name none. It reports false if they are invalid.
func (d *Decoder) ownerInObject(o scan.Object, uidKey, idKey string) (owner, bool) {
	if v := o.Value(uidKey); !scan.IsNull(v) {
		text, ok := scan.String(v)
		if !ok {
			return owner{}, false
		}
		if !isBlank(text) {
			return d.ownerByUID(text)
		}
	}
	v := o.Value(idKey)
	if scan.IsNull(v) {
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
	text, ok := scan.String(v)
	if !ok {
		return owner{}, false
	}
	return d.ownerByID(text)
}

// ownerByUID returns the owner with that uid. It reports false if text is not a uid.
func (d *Decoder) ownerByUID(text []byte) (owner, bool) {
	if !isPrintableASCII(text) {
		uid, ok := ParseUID(string(text))
		return owner{uid: uid}, ok
	}
	return owner{uid: UID(d.names.of(text))}, true
}

// isPrintableASCII reports whether text is a uid of printable ASCII without spaces,
// as nearly all are.
func isPrintableASCII(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return 0 < len(text) && len(text) <= MaxUID
}

// ownerByID returns the owner with that member id, or the zero owner if text is blank.
// It reports false if text is not a member id.
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

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isBlank reports whether text is nothing but white space.
func isBlank(text []byte) bool {
	return len(bytes.TrimSpace(text)) == 0
}
