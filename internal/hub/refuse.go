package hub

import (
	"encoding/json"
	"net/http"
)

// refuse answers a request with an error of the form that sockets have too.
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

// refuseForNow answers a request that may be good in a moment.
func refuseForNow(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusServiceUnavailable, "Not ready: try again in a moment.")
}

// refuseToken answers a bad Authorization header.
func refuseToken(w http.ResponseWriter, body string) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	refuseWith(w, http.StatusUnauthorized, body)
}

// refuseUpgrade answers a handshake that gorilla finds wrong.
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
	_, _ = w.Write([]byte(body)) // a client that is gone misses nothing
}

// clip keeps what a client sent short enough for the log.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
