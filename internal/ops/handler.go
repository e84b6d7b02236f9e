package ops

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Readiness is what /readyz says.
type Readiness struct {
	// Ready is true only while the node is caught up and follows the stream,
	// and is not about to stop.
	Ready bool `json:"ready"`
	// Reason says why not, for a person; empty while ready.
	Reason string `json:"reason,omitempty"`
	// Source is the state of the source of events.
	Source string `json:"source"`
	// Position is that of the last message read, "" if there was none.
	Position string `json:"position,omitempty"`
	// Redis is whether Redis answers, "" where there is none.
	Redis string `json:"redis,omitempty"`
	// Node is the node's name.
	Node string `json:"node"`
}

// Handler returns what the ops listener serves: /livez, /readyz and /metrics.
// ready may be called at once from many goroutines.
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
	_ = json.NewEncoder(w).Encode(v) // the client is gone
}
