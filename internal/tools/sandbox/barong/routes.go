package barong

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// resource is what stands at a path.
type resource struct {
	dialect dialect
	module  string // begins the codes of 2.x for bad parameters
	methods map[string]endpoint
}

// endpoint answers one method at a path.
type endpoint struct {
	// run returns what becomes the answer's JSON body, nil for none, or why not.
	run    func(c *call) (any, *Refusal)
	status int // where run does not refuse
}

// call is a request to an endpoint. For one goroutine.
type call struct {
	w        http.ResponseWriter // for headers; run writes no body
	r        *http.Request
	id       string // what stands in the place of * in the path
	params   *input
	resource *resource
}

// faults returns a refusal that names the bad parameters of those that were asked
// for so far, nil where all are good.
func (c *call) faults() *Refusal {
	return c.resource.dialect.faults(c.params.faults, c.resource.module)
}

// routes returns the resources by their paths.
func (s *Service) routes() map[string]resource {
	const session2, key2 = "identity.session", "resource.api_key"
	return map[string]resource{
		"/api/v1/sessions":              {barong1, "", map[string]endpoint{http.MethodPost: {s.openSession1, 201}}},
		"/api/v1/sessions/generate_jwt": {barong1, "", map[string]endpoint{http.MethodPost: {s.exchangeToken, 200}}},
		"/api/v1/api_keys": {barong1, "", map[string]endpoint{
			http.MethodGet: {s.listKeys1, 200}, http.MethodPost: {s.createKey1, 201},
		}},
		"/api/v1/api_keys/*": {barong1, "", map[string]endpoint{
			http.MethodGet: {s.showKey1, 200}, http.MethodPatch: {s.updateKey1, 200}, http.MethodDelete: {s.deleteKey1, 204},
		}},
		"/api/v2/barong/identity/sessions": {barong2, session2, map[string]endpoint{
			http.MethodPost: {s.openSession2, 200}, http.MethodDelete: {s.closeSession2, 200},
		}},
		"/api/v2/barong/resource/users/me": {barong2, "resource.user", map[string]endpoint{http.MethodGet: {s.showUser2, 200}}},
		"/api/v2/barong/resource/api_keys": {barong2, key2, map[string]endpoint{
			http.MethodGet: {s.listKeys2, 200}, http.MethodPost: {s.createKey2, 201},
		}},
		"/api/v2/barong/resource/api_keys/*": {barong2, key2, map[string]endpoint{
			http.MethodPatch: {s.updateKey2, 200}, http.MethodDelete: {s.deleteKey2, 204},
		}},
		"/sandbox/users": {barong1, "", map[string]endpoint{http.MethodGet: {s.listUsers, 200}}},
	}
}

// Handler serves the API, and refuses in JSON what is not in it. It may be mounted
// at /api/v1/, /api/v2/barong/, /api/v2/auth/ and /sandbox/; it takes no prefix off.
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

// find returns the resource at a path, and what stands there in the place of *.
func (s *Service) find(path string) (res resource, id string, ok bool) {
	if res, ok = s.resources[path]; ok {
		return res, "", !strings.HasSuffix(path, "*")
	}
	slash := strings.LastIndexByte(path, '/')
	res, ok = s.resources[path[:slash+1]+"*"]
	return res, path[slash+1:], ok
}
