package sandbox

import (
	"io"
	"net/http"
	"strings"

	"ranger/internal/tools/sandbox/barong"
)

// ServeHTTP serves WebSocket upgrades on any path, the page, and the API.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		s.cfg.Sockets.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Sandbox) routes(identity *barong.Service, api http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	for _, prefix := range []string{"/api/v1/", "/api/v2/barong/", "/api/v2/auth/", "/sandbox/"} {
		mux.Handle(prefix, identity.Handler())
	}
	mux.HandleFunc("GET /sandbox/totp/{email}", func(w http.ResponseWriter, r *http.Request) {
		code, ok := identity.Code(r.PathValue("email"))
		if !ok {
			http.Error(w, "No user with a second factor has this e-mail address.", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, code) //nolint:gosec // six digits; an error means that the client is gone
	})
	mux.Handle("/api/v2/", api)
	mux.Handle("/", page())
	return mux
}
