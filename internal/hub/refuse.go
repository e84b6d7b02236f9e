package hub

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
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

// sparse lets one log line a second through. Its zero value is ready for use; it
// is safe for concurrent use.
type sparse struct {
	mu      sync.Mutex
	next    time.Time // guarded by mu: not before
	skipped int       // guarded by mu: since the last line
}

// take says whether a line may be written now, and how many were not since the
// last.
func (s *sparse) take(now time.Time) (skipped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.next) {
		s.skipped++
		return 0, false
	}
	skipped, s.skipped = s.skipped, 0
	s.next = now.Add(time.Second)
	return skipped, true
}

// clip keeps what a client sent short enough for the log.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
