// Package peatio is the REST API of the sandbox's exchange, with the paths, fields
// and errors of Peatio's member APIs: that of 1.8 under /api/v2, and that of 2.x
// under /api/v2/peatio.
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

// Config is what a Handler needs. The zero values of Now and Log work.
type Config struct {
	// Exchange has the orders.
	Exchange *exchange.Exchange
	// Who returns the user who sent a request, or a Refusal, which is nil where the
	// user is known. It is called from several goroutines at a time, and must leave
	// the request's body alone.
	Who func(*http.Request) (event.UID, Refusal)
	// Now tells the time. Default time.Now.
	Now func() time.Time
	// Log gets a line for each request, at the level debug. Default none.
	Log *slog.Logger
}

// Refusal says why it is not known who sent a request.
type Refusal interface {
	// Write answers the request in the way of 2.x.
	Write(w http.ResponseWriter)
}

// Handler returns the API. It answers every path: one that it does not have with
// 404, in JSON as all else.
func Handler(cfg Config) http.Handler {
	a := &api{exchange: cfg.Exchange, who: cfg.Who, now: cfg.Now, log: cfg.Log}
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
	exchange *exchange.Exchange
	who      func(*http.Request) (event.UID, Refusal)
	now      func() time.Time
	log      *slog.Logger
}

// route is one method of one path.
type route struct {
	method, path string
	public       bool   // whoever asks is answered
	cancels      bool   // orders, and so do its errors say
	module       string // what the names of its errors begin with, in 2.x
	serve        endpoint
}

// endpoint answers a request with a value for JSON.
type endpoint func(*request) (any, error)

// isV18 reports whether the route is one of 1.8.
func (rt route) isV18() bool { return !strings.HasPrefix(rt.path, v2Base+"/") }

// dispatch answers a request for a path that has these methods.
func (a *api) dispatch(w http.ResponseWriter, r *http.Request, methods map[string]route) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves the body out
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
		uid, refusal := a.who(r)
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
		if text := r.PathValue(name); text != "" { // the path goes before what else is given
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

// refuse answers with an error.
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

// write answers with JSON.
func (a *api) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	a.log.DebugContext(r.Context(), "answered", "method", r.Method, "path", r.URL.Path, "status", status)
	text, _ := json.Marshal(body) // strings, numbers, and structs of them always marshal
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone, or has it
}
