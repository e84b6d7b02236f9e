package main_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/auth"
	"ranger/internal/event"
)

const (
	alice event.UID = "IDALICE000001"
	bob   event.UID = "IDBOB00000001"
)

// The protocol is that of "Messages" in docs/protocol.md.
func TestServe_SpeaksThePlainProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.serve()
	valid := w.token(alice)

	t.Run("every refusal, then success", func(t *testing.T) {
		s := dial(t, p, nil)
		for _, c := range []struct{ send, want string }{
			{`ping`, `pong`},
			{`{}`, noBearer},
			{`{"jwt":null}`, noBearer},
			{`{"jwt":5}`, noBearer},
			{`{"jwt":{"a":1}}`, noBearer},
			{`{"JWT":"Bearer ` + valid + `"}`, noBearer},
			{`{"jwt":"` + valid + `"}`, noBearer},
			{`{"jwt":"bearer ` + valid + `"}`, noBearer},
			{`{"jwt":"Basic ` + valid + `"}`, noBearer},
			{`{"jwt":"Bearer ` + valid + ` more"}`, noBearer},
			{`not json`, badMessage},
			{`[]`, badMessage},
			{`null`, badMessage},
			{`"text"`, badMessage},
			{``, badMessage},
			{`{"jwt":"Bearer ` + valid + `y"}`, refused},
			{`{"jwt":"Bearer garbage"}`, refused},
			{`{"jwt":"Bearer ` + w.sign(auth.Claims{UID: alice, State: "banned"}) + `"}`, refused},
			{`{"x":1,"jwt":"Bearer   ` + valid + `"}`, authenticated},
			{`ping`, `pong`},
			{`{"jwt":"Bearer garbage"}`, refused},
			{`{"jwt":"Bearer ` + w.token(alice) + `"}`, authenticated},
		} {
			s.send(c.send)
			s.expect(c.want)
		}
		check(t, s.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"jwt":"Bearer `+valid+`"}`)))
		s.expect(badMessage)
		s.expect(w.order(alice, 1), w.order(alice, 2)) // each once, after two successes
		s.send(`{"jwt":"Bearer ` + w.token(bob) + `"}`)
		s.expectClose(4009, "identity changed")
	})
	t.Run("a header authenticates", func(t *testing.T) {
		s := dial(t, p, http.Header{"Authorization": {"bearer " + valid}})
		s.expect(authenticated)
		s.expect(w.order(alice, 3))
	})
	t.Run("nothing before authentication", func(t *testing.T) {
		s := dial(t, p, nil)
		w.login(p, alice).expect(w.order(alice, 4))
		s.send(`{"jwt":"Bearer ` + valid + `"}`)
		s.expect(authenticated)
		s.expect(w.order(alice, 5))
	})
	t.Run("refused before the upgrade", func(t *testing.T) {
		for _, c := range []struct {
			name, path   string
			header       http.Header
			status       int
			contentEqual string
		}{
			{"invalid token", "/", upgradeWith("Authorization", "Bearer garbage"), 401, refused},
			{"other scheme", "/", upgradeWith("Authorization", "Basic garbage"), 401, noBearer},
			{"no upgrade", "/", nil, 426, ""},
			{"other origin", "/", upgradeWith("Origin", "https://evil.example"), 403, ""},
			{"streams dialect", "/private", upgradeWith("X", "y"), 404, ""},
			{"streams dialect by query", "/?stream=order", upgradeWith("X", "y"), 404, ""},
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http"+strings.TrimPrefix(p.ws, "ws")+c.path, nil)
			check(t, err)
			req.Header = c.header
			res, err := http.DefaultClient.Do(req)
			check(t, err)
			body, err := io.ReadAll(res.Body)
			check(t, err)
			check(t, res.Body.Close())
			if res.StatusCode != c.status || (c.contentEqual != "" && string(body) != c.contentEqual) {
				t.Errorf("%s: got %d %s, want %d %s", c.name, res.StatusCode, body, c.status, c.contentEqual)
			}
			if got := res.Header.Get("Content-Type"); got != "application/json" || !strings.HasPrefix(string(body), `{"error":{"message":"`) {
				t.Errorf("%s: got %s %s, want a JSON error", c.name, got, body)
			}
		}
	})
	t.Run("an expired token ends the socket", func(t *testing.T) {
		s := dial(t, p, nil)
		for life := 2 * time.Second; ; life *= 2 { // it may expire before the node reads the token
			s.send(`{"jwt":"Bearer ` + w.sign(auth.Claims{UID: alice, Lifetime: life}) + `"}`)
			if got := s.read(); got == authenticated {
				break
			} else if got != refused {
				t.Fatalf("got %s", got)
			}
		}
		s.expectClose(4001, "token expired")
	})
	if got := p.metric(`ranger_authentications_total{reason="state",result="refused"}`); got != 1 {
		t.Errorf("got %v tokens refused for their state, want 1", got)
	}
	if got := p.metric(`ranger_closes_total{code="4009"}`); got != 1 {
		t.Errorf("got %v sockets closed with 4009, want 1", got)
	}
}

func upgradeWith(name, value string) http.Header {
	return http.Header{
		"Connection":            {"Upgrade"},
		"Upgrade":               {"websocket"},
		"Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
		name:                    {value},
	}
}
