package barong

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// resource is the endpoints of a path.
type resource struct {
	dialect dialect
	module  string // prefix of the codes of 2.x for invalid parameters
	methods map[string]endpoint
}

// endpoint handles one method of a path.
type endpoint struct {
	// run returns the body of the response, nil for none, or a refusal.
	run    func(c *call) (any, *Refusal)
	status int // of a response without a refusal
}

// call is a request to an endpoint. One goroutine uses it.
type call struct {
	w        http.ResponseWriter // for headers; run writes no body
	r        *http.Request
	id       string // the part of the path at *
	params   *input
	resource *resource
}

// faults returns a refusal that names the invalid parameters among those read so far, or
// nil if there are none.
func (c *call) faults() *Refusal {
	return c.resource.dialect.faults(c.params.faults, c.resource.module)
}

// routes returns the resources by their paths.
func (s *Service) routes() map[string]resource {
	const session2, key2 = "identity.session", "resource.api_key"
	one, two := v1{s}, v2{s}
	return map[string]resource{
		"/api/v1/sessions":              {barong1, "", map[string]endpoint{http.MethodPost: {one.openSession, 201}}},
		"/api/v1/sessions/generate_jwt": {barong1, "", map[string]endpoint{http.MethodPost: {one.exchangeToken, 200}}},
		"/api/v1/api_keys": {barong1, "", map[string]endpoint{
			http.MethodGet: {one.listKeys, 200}, http.MethodPost: {one.createKey, 201},
		}},
		"/api/v1/api_keys/*": {barong1, "", map[string]endpoint{
			http.MethodGet: {one.showKey, 200}, http.MethodPatch: {one.updateKey, 200}, http.MethodDelete: {one.deleteKey, 204},
		}},
		"/api/v2/barong/identity/sessions": {barong2, session2, map[string]endpoint{
			http.MethodPost: {two.openSession, 200}, http.MethodDelete: {two.closeSession, 200},
		}},
		"/api/v2/barong/resource/users/me": {barong2, "resource.user", map[string]endpoint{http.MethodGet: {two.showUser, 200}}},
		"/api/v2/barong/resource/api_keys": {barong2, key2, map[string]endpoint{
			http.MethodGet: {two.listKeys, 200}, http.MethodPost: {two.createKey, 201},
		}},
		"/api/v2/barong/resource/api_keys/*": {barong2, key2, map[string]endpoint{
			http.MethodPatch: {two.updateKey, 200}, http.MethodDelete: {two.deleteKey, 204},
		}},
		"/sandbox/users": {barong1, "", map[string]endpoint{http.MethodGet: {s.listUsers, 200}}},
	}
}

// Handler serves the API. It answers unknown paths in JSON too. Mount it at /api/v1/,
// /api/v2/barong/, /api/v2/auth/ and /sandbox/; it expects the whole path.
func (s *Service) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, authzPath); ok && path != "" {
		s.authz(w, r, path)
		return
	}
	resource, id, ok := s.find(strings.TrimSuffix(r.URL.Path, "/"))
	if !ok {
		dialectOf(r.URL.Path).refuse(http.StatusNotFound, "route.not_found", "Unable to find endpoint").Write(w)
		return
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	e, ok := resource.methods[method]
	if !ok {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(resource.methods)), ", "))
		resource.dialect.refuse(http.StatusMethodNotAllowed, "server.method_not_allowed", "405 Not Allowed").Write(w)
		return
	}
	in, refusal := readInput(r, resource.dialect)
	if refusal != nil {
		refusal.Write(w)
		return
	}
	body, refusal := e.run(&call{w, r, id, in, &resource})
	if refusal != nil {
		refusal.Write(w)
		return
	}
	writeJSON(w, e.status, body)
}

// find returns the resource of a path, and the part of the path at *.
func (s *Service) find(path string) (res resource, id string, ok bool) {
	if res, ok = s.resources[path]; ok {
		return res, "", !strings.HasSuffix(path, "*")
	}
	slash := strings.LastIndexByte(path, '/')
	res, ok = s.resources[path[:slash+1]+"*"]
	return res, path[slash+1:], ok
}
