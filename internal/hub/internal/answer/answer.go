// Package answer answers requests that are not upgraded, with errors in the form that
// sockets get too.
package answer

import (
	"encoding/json"
	"net/http"
)

// Refuse answers a request with the text of an error.
func Refuse(w http.ResponseWriter, status int, text string) {
	var body struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	body.Error.Message = text
	b, _ := json.Marshal(body) // strings always marshal
	Body(w, status, string(b))
}

// NotReady answers a request that may succeed in a moment.
func NotReady(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	Refuse(w, http.StatusServiceUnavailable, "Not ready: try again in a moment.")
}

// Unauthorized answers an invalid Authorization header.
func Unauthorized(w http.ResponseWriter, body string) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	Body(w, http.StatusUnauthorized, body)
}

// BadUpgrade answers a handshake that gorilla refuses.
func BadUpgrade(w http.ResponseWriter, _ *http.Request, status int, reason error) {
	w.Header().Set("Sec-WebSocket-Version", "13")
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodGet)
	}
	Refuse(w, status, reason.Error())
}

// Body answers a request with an error that is already in that form.
func Body(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may be gone
}
