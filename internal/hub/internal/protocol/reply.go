package protocol

import (
	"crypto/rand"
	"encoding/base64"

	"ranger/internal/journal"
)

// Messages of the server, to the byte.
const (
	Authenticated = `{"success":{"message":"Authenticated."}}`
	Resumed       = `{"success":{"message":"Authenticated.","resumed":true}}`
	Refused       = `{"error":{"message":"Authentication failed."}}`
	NoBearer      = `{"error":{"message":"Token type is not provided or invalid."}}` //nolint:gosec // no credential
	BadMessage    = `{"error":{"message":"Error while handling message."}}`
	Pong          = "pong"

	ping = "ping" // answered by Pong
)

// Challenge returns the first message to a client. Old clients wait for its 40 random
// bytes; no client answers them.
func Challenge() []byte {
	var b [40]byte
	_, _ = rand.Read(b[:]) // never fails
	return []byte(`{"challenge":"` + base64.RawURLEncoding.EncodeToString(b[:]) + `"}`)
}

// Following returns the message to a client that opted in: it is authenticated and gets
// the events after a position. If failed, it had asked to resume and cannot.
func Following(after journal.Position, failed bool) []byte {
	b := appendPosition([]byte(`{"success":{"message":"Authenticated."`), after)
	if failed {
		b = append(b, `,"resumed":false`...)
	}
	return append(b, "}}"...)
}
