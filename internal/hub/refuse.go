package hub

import (
	"encoding/json"
	"net/http"
)

// refuse answers a request with an error in the form that sockets get too.
func refuse(w http.ResponseWriter, status int, text string) {
	var body struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	body.Error.Message = text
	b, _ := json.Marshal(body) // strings always marshal
	refuseWith(w, status, string(b))
}

// refuseForNow answers a request that may succeed in a moment.
func refuseForNow(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusServiceUnavailable, "Not ready: try again in a moment.")
}

// refuseToken answers an invalid Authorization header.
func refuseToken(w http.ResponseWriter, body string) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	refuseWith(w, http.StatusUnauthorized, body)
}

// refuseUpgrade answers a handshake that gorilla refuses.
func refuseUpgrade(w http.ResponseWriter, _ *http.Request, status int, reason error) {
	w.Header().Set("Sec-WebSocket-Version", "13")
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodGet)
	}
	refuse(w, status, reason.Error())
}

func refuseWith(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may be gone
}

// clip shortens what a client sent for the log.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
