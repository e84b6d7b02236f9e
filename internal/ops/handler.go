package ops

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Readiness is the answer of /readyz.
type Readiness struct {
	// Ready is true while the node has read the whole stream, follows it, and is not
	// stopping.
	Ready bool `json:"ready"`
	// Reason explains why the node is not ready; empty if it is.
	Reason string `json:"reason,omitempty"`
	// Source is the state of the source of events.
	Source string `json:"source"`
	// Broker is the broker's host that the source is connected to, or tries; empty before
	// the first attempt.
	Broker string `json:"broker,omitempty"`
	// Position is the position of the last message read, empty if there was none.
	Position string `json:"position,omitempty"`
	// Redis is the state of the connection to Redis, empty if none is configured.
	Redis string `json:"redis,omitempty"`
	// Node is the node's name.
	Node string `json:"node"`
}

// Handler returns a handler of /livez, /readyz and /metrics. ready must be safe for
// concurrent use.
func Handler(m *Metrics, ready func() Readiness) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]bool{"live": true})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		r := ready()
		status := http.StatusOK
		if !r.Ready {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, r)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has disconnected
}
