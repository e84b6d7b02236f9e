package sandbox_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"ranger/internal/tools/sandbox"
)

// sockets replaces the hub.
func sockets(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }

func TestHandler_RoutesRequests(t *testing.T) {
	t.Parallel()
	toy := newToy(t, sandbox.Config{Sockets: http.HandlerFunc(sockets)})
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
		typ, body    string // of the response
	}{
		{"GET", "/", nil, 200, "text/html", "<!doctype html>"},
		{"HEAD", "/", nil, 200, "text/html", ""},
		{"GET", "/?from=here", nil, 200, "text/html", "<!doctype html>"},
		{"GET", "/main.js", nil, 200, "text/javascript", "import "},
		{"GET", "/style.css", nil, 200, "text/css", "{"},
		{"GET", "/icon.svg", nil, 200, "image/svg+xml", "<svg"},
		{"GET", "/client/index.js", nil, 200, "text/javascript", "export "},
		{"POST", "/", nil, 405, "text/plain", ""},
		{"DELETE", "/client/index.js", nil, 405, "text/plain", ""},
		{"GET", "/nowhere", nil, 404, "text/plain", "404"},
		{"GET", "/client/nowhere.js", nil, 404, "text/plain", "404"},
		{"GET", "/client/files.go", nil, 404, "text/plain", "404"},
		{"GET", "/page/main.js", nil, 404, "text/plain", "404"},
		{"GET", "/client/..%2fpage.go", nil, 404, "text/plain", "404"},
		{"GET", "/client/%2e%2e/%2e%2e/go.mod", nil, 404, "text/plain", "404"},
		{"GET", "/..%2f..%2fgo.mod", nil, 404, "text/plain", "404"},

		{"GET", "/sandbox/users", nil, 200, "application/json", "alice@example.com"},
		{"GET", "/sandbox/totp/Bob@example.com", nil, 200, "text/plain", ""},
		{"GET", "/sandbox/totp/nobody@example.com", nil, 404, "text/plain", "No user with a second factor has this e-mail address.\n"},
		{"GET", "/sandbox/nowhere", nil, 404, "application/json", "Unable to find endpoint"},
		{"POST", "/api/v1/sessions", nil, 400, "application/json", "Email"},
		{"POST", "/api/v2/barong/identity/sessions", nil, 422, "application/json", "email"},
		{"GET", "/api/v2/auth/api/v2/orders", nil, 401, "application/json", ""},
		{"GET", "/api/v2/markets", nil, 200, "application/json", "btcusd"},
		{"GET", "/api/v2/peatio/public/markets", nil, 200, "application/json", "btcusd"},
		{"GET", "/api/v2/orders", nil, 401, "application/json", ""},
		{"GET", "/api/v2/nowhere", nil, 404, "application/json", ""},

		{"GET", "/", []string{"Upgrade", "websocket"}, 418, "", ""},
		{"GET", "/api/v2/orders", []string{"Upgrade", "WebSocket"}, 418, "", ""},
		{"GET", "/some/where", []string{"Upgrade", "websocket"}, 418, "", ""},
		{"GET", "/", []string{"Upgrade", "h2c"}, 200, "text/html", ""},
	} {
		got := toy.do(c.method, c.path, "", c.headers...)
		if got.status != c.status || !strings.HasPrefix(got.header.Get("Content-Type"), c.typ) || !strings.Contains(got.body, c.body) {
			t.Errorf("%s %s %v: got %d %s %.200s, want %d %s %s", c.method, c.path, c.headers,
				got.status, got.header.Get("Content-Type"), got.body, c.status, c.typ, c.body)
		}
	}
}

// TestPage_Headers: every file of the page may load from and connect to only its
// own origin, and is revalidated each time.
func TestPage_Headers(t *testing.T) {
	t.Parallel()
	toy := newToy(t, sandbox.Config{})
	for _, path := range []string{"/", "/main.js", "/client/index.js", "/nowhere"} {
		h := toy.do("GET", path, "").header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: want %s in the policy %q", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: got headers %v", path, h)
		}
		if got := h.Get("Cache-Control"); got != "no-cache" && path != "/nowhere" {
			t.Errorf("%s: got Cache-Control %q", path, got)
		}
	}
	if got := toy.do("POST", "/", "").header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("got %q allowed", got)
	}
}

func TestTOTP_ReturnsCodeThatIsNotCached(t *testing.T) {
	t.Parallel()
	got := newToy(t, sandbox.Config{}).do("GET", "/sandbox/totp/alice@example.com", "")
	if !regexp.MustCompile(`^\d{6}$`).MatchString(got.body) || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %q with headers %v", got.body, got.header)
	}
}
