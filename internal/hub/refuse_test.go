package hub_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ranger/internal/hub"
)

// without returns an upgrade without one header.
func without(name string) []string {
	return slices.DeleteFunc(upgrade(), func(line string) bool { return strings.HasPrefix(line, name+":") })
}

// instead returns an upgrade with another line instead of the one that begins so.
func instead(begin, line string) []string {
	lines := upgrade()
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, begin) })
	lines[i] = line
	return lines
}

const (
	notUpgraded = `{"error":{"message":"This is a WebSocket endpoint: send an upgrade."}}`
	notThere    = "{\"error\":{\"message\":\"There is nothing here: connect to another path, without `stream`.\"}}"
)

func TestUpgrade_Refusals(t *testing.T) {
	for name, c := range map[string]struct {
		request []string
		status  int
		headers map[string]string
		body    string // if it is that of ranger
	}{
		"plain GET": {
			[]string{"GET / HTTP/1.1", "Host: ranger.test"},
			http.StatusUpgradeRequired,
			map[string]string{"Upgrade": "websocket", "Connection": "Upgrade"},
			notUpgraded,
		},
		"plain POST": {
			[]string{"POST /x HTTP/1.1", "Host: ranger.test", "Content-Length: 0"},
			http.StatusUpgradeRequired,
			map[string]string{"Upgrade": "websocket"},
			notUpgraded,
		},
		"no Upgrade":    {without("Upgrade"), http.StatusUpgradeRequired, nil, notUpgraded},
		"no Connection": {without("Connection"), http.StatusUpgradeRequired, nil, notUpgraded},
		"other upgrade": {instead("Upgrade", "Upgrade: h2c"), http.StatusUpgradeRequired, nil, notUpgraded},
		"version 8": {
			instead("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"), http.StatusBadRequest,
			map[string]string{"Sec-WebSocket-Version": "13"},
			"",
		},
		"no version":   {without("Sec-WebSocket-Version"), http.StatusBadRequest, nil, ""},
		"no key":       {without("Sec-WebSocket-Key"), http.StatusBadRequest, nil, ""},
		"short key":    {instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: c2hvcnQ="), http.StatusBadRequest, nil, ""},
		"POST":         {instead("GET", "POST / HTTP/1.1"), http.StatusMethodNotAllowed, map[string]string{"Allow": "GET"}, ""},
		"public":       {instead("GET", "GET /public HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"private":      {instead("GET", "GET /private HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"below":        {instead("GET", "GET /api/v2/ranger/private HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"slash":        {instead("GET", "GET /api/public/ HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"stream":       {instead("GET", "GET /?stream=a HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"bad stream":   {instead("GET", "GET /?stream=%zz HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"semicolon":    {instead("GET", "GET /?a=1;stream=b HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"HTTP/1.0":     {instead("GET", "GET / HTTP/1.0"), http.StatusUpgradeRequired, nil, notUpgraded},
		"empty stream": {instead("GET", "GET /x?a=b&stream= HTTP/1.1"), http.StatusNotFound, nil, notThere},
		"plain public": {[]string{"GET /public HTTP/1.1", "Host: x"}, http.StatusNotFound, nil, notThere},
		"other origin": {
			append(upgrade(), "Origin: https://evil.test", "Authorization: Bearer bad"), http.StatusForbidden, nil,
			`{"error":{"message":"Origin not allowed."}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(t *testing.T, s *server) {
				response, body := s.request(c.request...) //nolint:bodyclose // request does
				wantResponse(t, response, c.status, c.headers)
				wantResponse(t, response, c.status, map[string]string{"Content-Type": "application/json"})
				if c.body != "" && body != c.body {
					t.Errorf("body %s, want %s", body, c.body)
				}
				if !strings.HasPrefix(body, `{"error":{"message":"`) {
					t.Errorf("body %s, want an error", body)
				}
				s.wantSockets(0, 0)
			})
		})
	}
}

func TestUpgrade_EveryOtherPathIsTheEndpoint(t *testing.T) {
	for _, target := range []string{"/", "/ws", "/public/x", "/privateer", "/republic", "/?streams=a&Stream=b&upstream=c", "/?stream", "/?jwt=bad&token=bad", "//"} {
		t.Run(target, func(t *testing.T) {
			bubble(t, setup{}, func(t *testing.T, s *server) {
				conn := s.connect()
				response, in := ask(t, conn, instead("GET", "GET "+target+" HTTP/1.1")...) //nolint:bodyclose // an upgrade has none
				wantResponse(t, response, http.StatusSwitchingProtocols, nil)
				c := &client{tb: t, Conn: conn, in: in}
				c.read()
				s.wantSockets(1, 0) // a token in the URL is ignored
			})
		})
	}
}

func TestUpgrade_RefusedUntilReady(t *testing.T) {
	ready := make(chan bool, 2)
	cfg := setup{hub: hub.Config{Ready: func() bool { return <-ready }}}
	bubble(t, cfg, func(t *testing.T, s *server) {
		ready <- false
		s.wantUnavailable()
		ready <- true
		s.dial()
	})
}

// wantUnavailable requests an upgrade that is refused for now.
func (s *server) wantUnavailable() {
	s.tb.Helper()
	response, body := s.request(upgrade()...) //nolint:bodyclose // request does
	wantResponse(s.tb, response, http.StatusServiceUnavailable, map[string]string{
		"Content-Type": "application/json", "Retry-After": "1",
	})
	if want := `{"error":{"message":"Not ready: try again in a moment."}}`; body != want {
		s.tb.Errorf("body %s, want %s", body, want)
	}
}

// A client that cuts the connection during its upgrade, or sends data before the response,
// leaves no socket.
func TestUpgrade_CutLeavesNothing(t *testing.T) {
	for name, text := range map[string]string{
		"in a header":       "GET / HTTP/1.1\r\nHost: ranger",
		"after the request": strings.Join(upgrade(), "\r\n") + "\r\n\r\n",
		"data at once":      strings.Join(upgrade(), "\r\n") + "\r\n\r\n\x81\x80abcd",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(t *testing.T, s *server) {
				conn := s.connect()
				if _, err := io.WriteString(conn, text); err != nil {
					t.Fatal(err)
				}
				pass(0)
				_ = conn.Close()
				pass(0)
				s.wantSockets(0, 0)
			})
		})
	}
}

func TestUpgrade_RefusedAfterDrain(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		s.hub.Drain(context.WithoutCancel(t.Context()), 0)
		s.wantUnavailable()
	})
}
