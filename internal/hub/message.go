package hub

import (
	"encoding/json"
	"strings"
)

// What the server says, to the byte (docs/protocol.md).
const (
	textAuthenticated = `{"success":{"message":"Authenticated."}}`
	textResumed       = `{"success":{"message":"Authenticated.","resumed":true}}`
	textFollowing     = `{"success":{"message":"Authenticated."` // and where from
	textRefused       = `{"error":{"message":"Authentication failed."}}`
	textNoBearer      = `{"error":{"message":"Token type is not provided or invalid."}}` //nolint:gosec // no credential
	textBadMessage    = `{"error":{"message":"Error while handling message."}}`
	textPing          = "ping"
	textPong          = "pong"
)

// message is what a client asked for: that a token be looked at, or the text
// that answers everything else.
type message struct {
	token  string
	terms  terms
	answer string
	err    error // what is wrong with the terms, where that is why
}

// parseMessage reads a text message of a client. Keys are case-sensitive, one
// given twice counts once, the last, and those that it does not know are let pass.
func parseMessage(text []byte) message {
	if string(text) == textPing {
		return message{answer: textPong}
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(text, &keys) != nil || keys == nil {
		return message{answer: textBadMessage}
	}
	var words string // empty when the key is missing or no string
	if raw, ok := keys["jwt"]; ok && json.Unmarshal(raw, &words) != nil {
		return message{answer: textNoBearer}
	}
	token, ok := cutBearer(words)
	if !ok {
		return message{answer: textNoBearer}
	}
	terms, err := parseTerms(keys)
	if err != nil {
		return message{answer: textBadMessage, err: err}
	}
	return message{token: token, terms: terms}
}

// cutBearer returns the word after `Bearer` and spaces, if there is just that.
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
