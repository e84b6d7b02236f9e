// Package peatio is the REST API of the sandbox's exchange, with the paths, fields and
// errors of Peatio's member APIs: that of 1.8 at /api/v2, that of 2.x at /api/v2/peatio.
package peatio

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/params"
)

// Config configures a Handler. Now and Log are optional.
type Config struct {
	// Exchange executes the orders.
	Exchange *exchange.Exchange
	// Authenticate returns the user of a request, or a Refusal, which is nil if the user
	// is known. It is called concurrently and must not read the request's body.
	Authenticate func(*http.Request) (event.UID, Refusal)
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log receives each request at level debug. Default: none.
	Log *slog.Logger
}

// Refusal is the reason why a request is not authenticated.
type Refusal interface {
	// Write writes the response in the form of 2.x.
	Write(w http.ResponseWriter)
}

// Handler returns the API. It answers unknown paths with 404, in JSON like everything else.
func Handler(cfg Config) http.Handler {
	a := &api{exchange: cfg.Exchange, authenticate: cfg.Authenticate, now: cfg.Now, log: cfg.Log}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	paths := map[string]map[string]route{}
	for _, rt := range append(a.v18Routes(), a.v2Routes()...) {
		if paths[rt.path] == nil {
			paths[rt.path] = map[string]route{}
		}
		paths[rt.path][rt.method] = rt
	}
	mux := http.NewServeMux()
	for path, methods := range paths {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { a.dispatch(w, r, methods) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, route{path: r.URL.Path}, errNoRoute)
	})
	return mux
}

// api is the handler. Its fields are fixed at construction.
type api struct {
	exchange     *exchange.Exchange
	authenticate func(*http.Request) (event.UID, Refusal)
	now          func() time.Time
	log          *slog.Logger
}

// route is one method of one path.
type route struct {
	method, path string
	public       bool   // needs no authentication
	cancels      bool   // cancels orders; its errors say so
	module       string // prefix of its errors' names in 2.x
	serve        endpoint
}

// endpoint returns the response to a request as a value for JSON.
type endpoint func(*request) (any, error)

// isV18 reports whether the route is one of 1.8.
func (rt route) isV18() bool { return !strings.HasPrefix(rt.path, v2Base+"/") }

// dispatch handles a request for a path with these methods.
func (a *api) dispatch(w http.ResponseWriter, r *http.Request, methods map[string]route) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http omits the body
	}
	rt, known := methods[method]
	if !known {
		allowed := slices.Sorted(maps.Keys(methods))
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		a.refuse(w, r, route{path: r.URL.Path}, wrongMethod(allowed))
		return
	}
	q := &request{}
	if !rt.public {
		uid, refusal := a.authenticate(r)
		switch {
		case refusal != nil && rt.isV18():
			a.refuse(w, r, rt, errUnknownUser)
			return
		case refusal != nil:
			refusal.Write(w)
			return
		}
		q.uid = uid
	}
	given, err := params.Read(r)
	if err != nil {
		a.refuse(w, r, rt, err)
		return
	}
	q.params = given
	for _, name := range []string{"id", "market", "currency"} {
		if text := r.PathValue(name); text != "" { // the path takes precedence
			q.params[name] = params.Value{Kind: params.String, Text: text}
		}
	}
	body, err := rt.serve(q)
	switch {
	case err != nil:
		a.refuse(w, r, rt, err)
	case rt.method == http.MethodPost:
		a.write(w, r, http.StatusCreated, body)
	default:
		a.write(w, r, http.StatusOK, body)
	}
}

// refuse writes an error.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, rt route, err error) {
	status, body := v2Error(rt, err)
	if rt.isV18() {
		status, body = v18Error(rt, err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	a.write(w, r, status, body)
}

// write writes a JSON response.
func (a *api) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	a.log.DebugContext(r.Context(), "request answered", "method", r.Method, "path", r.URL.Path, "status", status)
	text, _ := json.Marshal(body) // strings, numbers, and structs of them always marshal
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // an error means that the client is gone
}
