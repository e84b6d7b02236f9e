// Package event defines the values that the other packages exchange: users, broker
// messages, events and gaps. Its Decoder finds the users that a message is for and
// encodes an event for each. Nothing in it does I/O.
package event

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// UID identifies a user as the `uid` claim of a session token does, for example
// "ID092B2AF8E87". It is compared byte for byte.
type UID string

// MaxUID is the maximum length of a UID in bytes, in a token and in a message.
const MaxUID = 255

// ParseUID returns text as a UID: at most MaxUID bytes of valid UTF-8 without control
// characters, not all of them white space. It reports false for any other text, which
// cannot equal the uid of a token.
func ParseUID(text string) (UID, bool) {
	if strings.TrimSpace(text) == "" || len(text) > MaxUID || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", false
	}
	return UID(text), true
}

// Kind is what an event is about.
type Kind uint8

// The kinds of events. The zero Kind is not one of them.
const (
	Order Kind = iota + 1
	Trade
	// Announcement is the kind of a Gap, which is delivered between events.
	Announcement
)

// String returns the key of a socket message of this kind.
func (k Kind) String() string {
	switch k {
	case Order:
		return "orderbook"
	case Trade:
		return "trade"
	case Announcement:
		return "gap"
	default:
		return "unknown"
	}
}

// Delivery is one message as its publisher sent it.
type Delivery struct {
	// Kind depends on the exchange that the message was published to.
	Kind Kind
	// Headers are the AMQP headers; the values have amqp091-go's types.
	Headers map[string]any
	// Body is the AMQP body. Decode neither changes nor keeps it.
	Body []byte
}

// Event is one message for one user.
type Event struct {
	UID  UID
	Kind Kind
	// Message is the complete socket message, {"trade":{…}} or {"orderbook":{…}}, as
	// compact JSON in valid UTF-8. It must not be changed.
	Message []byte
}

// Identity is what a valid token states about its user.
type Identity struct {
	UID UID
	// Expires is the time from which the token is no longer valid, leeway included.
	Expires time.Time
	// TokenID is the claim `jti`.
	TokenID string
	// KeyID is the claim `api_kid`, empty if the token has none.
	KeyID string
}

// ErrRefused is returned by a verifier for an invalid token. Any other error of a
// verifier means that the token could not be checked.
var ErrRefused = errors.New("token refused")
