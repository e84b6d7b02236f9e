// Package event is ranger's vocabulary: who a user is, what a broker delivers,
// and what of it each user gets. Everything in it is a pure function or a plain
// value; nothing does I/O, and nothing keeps state.
package event

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// UID names a user as the `uid` claim of a session token does, for example
// "ID092B2AF8E87". It is compared byte for byte.
type UID string

// MaxUID is the longest UID in bytes, in a token and in a message alike.
const MaxUID = 255

// ParseUID returns the UID that text is: at most MaxUID bytes of valid UTF-8
// without control characters, not all of them white space. No other can equal
// the uid of a token. It reports false where text is none.
func ParseUID(text string) (UID, bool) {
	if strings.TrimSpace(text) == "" || len(text) > MaxUID || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", false
	}
	return UID(text), true
}

// Kind says what an event is about.
type Kind uint8

// The kinds of events. The zero Kind is none of them.
const (
	Order Kind = iota + 1
	Trade
	// Announcement is a Gap, which is no event but stands between them.
	Announcement
)

// String returns the key under which a socket is sent events of this kind.
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

// Delivery is one message as a publisher sent it.
type Delivery struct {
	// Kind is told by the exchange that the message came through.
	Kind Kind
	// Headers are the AMQP headers, with amqp091-go's types for their values.
	Headers map[string]any
	// Body is the AMQP body. Decode neither changes nor keeps it.
	Body []byte
}

// Event is one message for one user.
type Event struct {
	UID  UID
	Kind Kind
	// Message is the whole text of the socket message, {"trade":{…}} or
	// {"orderbook":{…}}: compact JSON, valid UTF-8. It must not be changed.
	Message []byte
}

// Identity is what a good token says of the socket that bore it.
type Identity struct {
	UID UID
	// Expires is the instant from which the token is no longer good, leeway
	// included.
	Expires time.Time
	// TokenID is the claim `jti`.
	TokenID string
	// KeyID is the claim `api_kid`, empty where the token has none.
	KeyID string
}

// ErrRefused says that a token is not good; every other error of a verifier
// says that it could not be looked at.
var ErrRefused = errors.New("token refused")
