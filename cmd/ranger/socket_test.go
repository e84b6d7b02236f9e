package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

const (
	authenticated = `{"success":{"message":"Authenticated."}}`
	refused       = `{"error":{"message":"Authentication failed."}}`
	noBearer      = `{"error":{"message":"Token type is not provided or invalid."}}`
	badMessage    = `{"error":{"message":"Error while handling message."}}`
)

// socket is a client's side of a socket.
type socket struct {
	t  testing.TB
	ws *websocket.Conn
}

// dial connects to p and reads the challenge.
func dial(t testing.TB, p *process, header http.Header) *socket {
	t.Helper()
	ws, res, err := (&websocket.Dialer{HandshakeTimeout: testenv.Patience}).DialContext(t.Context(), p.ws, header)
	check(t, err)
	check(t, res.Body.Close())
	t.Cleanup(func() { _ = ws.Close() })
	s := &socket{t: t, ws: ws}
	challenge := s.read()
	if !regexp.MustCompile(`^\{"challenge":"[A-Za-z0-9_-]{54}"\}$`).MatchString(challenge) {
		t.Fatalf("got first message %s, want a challenge", challenge)
	}
	return s
}

// login connects to p and authenticates as uid with a message.
func (w *world) login(p *process, uid event.UID) *socket {
	w.t.Helper()
	s := dial(w.t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(uid) + `"}`)
	s.expect(authenticated)
	return s
}

func (s *socket) send(text string) {
	s.t.Helper()
	check(s.t, s.ws.WriteMessage(websocket.TextMessage, []byte(text)))
}

func (s *socket) read() string {
	s.t.Helper()
	text, err := s.tryRead()
	check(s.t, err)
	return text
}

// tryRead is read for goroutines other than the test's.
func (s *socket) tryRead() (string, error) {
	if err := s.ws.SetReadDeadline(time.Now().Add(testenv.Patience)); err != nil {
		return "", err
	}
	kind, text, err := s.ws.ReadMessage()
	if err == nil && kind != websocket.TextMessage {
		err = fmt.Errorf("got a message of kind %d: %q", kind, text)
	}
	return string(text), err
}

// expect reads messages, which must equal the texts.
func (s *socket) expect(texts ...string) {
	s.t.Helper()
	for _, want := range texts {
		if got := s.read(); got != want {
			s.t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

// expectClose reads the next message, which must be a close frame.
func (s *socket) expectClose(code int, reason string) {
	s.t.Helper()
	check(s.t, s.ws.SetReadDeadline(time.Now().Add(testenv.Patience)))
	_, text, err := s.ws.ReadMessage()
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		s.t.Fatalf("got %q, %v; want a close with %d", text, err, code)
	}
	if closed.Code != code || closed.Text != reason {
		s.t.Errorf("got close %d %q, want %d %q", closed.Code, closed.Text, code, reason)
	}
}
