package event

import (
	"errors"

	"ranger/internal/event/scan"
)

// Reason is why a message, or one recipient's part of it, was not delivered. The set
// is closed, so a Reason may label a metric. The empty Reason means that nothing is
// wrong.
type Reason string

// The reasons why one recipient is sent nothing.
const (
	// NoOwner: the message names no recipient.
	NoOwner Reason = "no_owner"
	// UnknownMember: the recipient is named by a member id that is not known.
	UnknownMember Reason = "unknown_member"
	// Broadcast: an Order with a top-level `action` and no owner, as unmodified
	// Peatio 1.8 publishes for its public order book.
	Broadcast Reason = "broadcast"
)

// The reasons why a whole message is invalid.
const (
	// Undeliverable: the broker cannot deliver it.
	Undeliverable Reason = "undeliverable"
	// UnknownExchange: the Kind is neither Order nor Trade.
	UnknownExchange Reason = "unknown_exchange"
	// TooBig: the body is longer than the limit.
	TooBig Reason = "too_big"
	// NotUTF8: the body is not valid UTF-8.
	NotUTF8 Reason = "not_utf8"
	// TooDeep: the body nests deeper than scan.MaxDepth objects and arrays.
	TooDeep Reason = "too_deep"
	// NotJSON: the body is not one JSON text of RFC 8259.
	NotJSON Reason = "not_json"
	// NotObject: the body is JSON, but not an object.
	NotObject Reason = "not_object"
	// DuplicateKey: a key occurs twice in the body, in its `ask` or `bid`, or in
	// an element of an order's `trades`.
	DuplicateKey Reason = "duplicate_key"
	// BadHeader: a header that names the owner has an invalid type or text.
	BadHeader Reason = "bad_header"
	// BadField: a field that names the owner, or `ask`, `bid` or `trades`, has an
	// invalid type or text.
	BadField Reason = "bad_field"
)

// Reasons returns every Reason, in a new slice.
func Reasons() []Reason {
	return []Reason{
		NoOwner, UnknownMember, Broadcast,
		Undeliverable, UnknownExchange, TooBig, NotUTF8, TooDeep, NotJSON, NotObject,
		DuplicateKey, BadHeader, BadField,
	}
}

// reasonOf returns the Reason for an error of scan, "" for nil.
func reasonOf(err error) Reason {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, scan.ErrDepth):
		return TooDeep
	case errors.Is(err, scan.ErrNotObject):
		return NotObject
	case errors.Is(err, scan.ErrDuplicate):
		return DuplicateKey
	default:
		return NotJSON
	}
}
