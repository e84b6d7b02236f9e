// Package protocol parses what clients send and encodes what they are sent
// (docs/protocol.md). It keeps no state.
package protocol

import (
	"encoding/json"
	"strings"
)

// Request is what a client asks for by a message: to verify a token, or else Reply.
type Request struct {
	Token   string
	Options Options // that come with the token
	Reply   string  // the answer to a message without a token
	Err     error   // why the options were refused, if that is the reason for Reply
}

// Parse parses a text message of a client. Keys are case-sensitive; if one is given
// twice, the last counts; unknown keys are ignored.
func Parse(text []byte) Request {
	if string(text) == ping {
		return Request{Reply: Pong}
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(text, &keys) != nil || keys == nil {
		return Request{Reply: BadMessage}
	}
	var value string // empty if the key is missing
	if raw, ok := keys["jwt"]; ok && json.Unmarshal(raw, &value) != nil {
		return Request{Reply: NoBearer}
	}
	token, ok := cutBearer(value)
	if !ok {
		return Request{Reply: NoBearer}
	}
	options, err := parseOptions(keys)
	if err != nil {
		return Request{Reply: BadMessage, Err: err}
	}
	return Request{Token: token, Options: options}
}

// HeaderToken returns the token of an Authorization header, given all its values. The
// scheme is compared without case (RFC 9110 §11.1).
func HeaderToken(values []string) (token string, ok bool) {
	scheme, rest, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return cutBearer("Bearer " + rest)
}

// cutBearer returns the only word after `Bearer` and spaces.
func cutBearer(s string) (token string, ok bool) {
	rest, ok := strings.CutPrefix(s, "Bearer ")
	if !ok {
		return "", false
	}
	token = strings.TrimLeft(rest, " ")
	if words := strings.Fields(token); len(words) != 1 || words[0] != token {
		return "", false
	}
	return token, true
}
