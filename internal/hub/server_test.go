package hub_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/hub/hubtest"
	"ranger/internal/journal"
)

// setup configures a test's server; zero values mean defaults.
type setup struct {
	hub     hub.Config
	journal journal.Config
	verify  verifyFunc

	readBuffer int // of gorilla, which then does not use the hub's
}

// server is a Hub served by net/http over pipes.
type server struct {
	tb      testing.TB
	hub     *hub.Hub
	window  *journal.Journal
	metrics *counters
	log     *logBuffer
	pipes   *hubtest.Pipes
	offset  uint64 // of the message published next
}

// bubble runs f with a server, with a clock that passes only while all goroutines wait.
func bubble(t *testing.T, cfg setup, f func(t *testing.T, s *server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newServer(t, cfg)) })
}

// newServer starts a server until the end of the test.
func newServer(tb testing.TB, cfg setup) *server {
	return newServerOf(tb, cfg, journal.New(cfg.journal))
}

// newServerOf is newServer with a journal that other servers may share.
func newServerOf(tb testing.TB, cfg setup, window *journal.Journal) *server {
	if cfg.verify == nil {
		cfg.verify = readToken
	}
	s := &server{tb: tb, metrics: &counters{}, log: &logBuffer{}, window: window, pipes: hubtest.NewPipes()}
	logger := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.hub = hub.New(cfg.hub, s.window, noTokens{cfg.verify, s.metrics}, s.metrics, logger)
	hubtest.Serve(tb, s.hub, s.pipes, logger)
	return s
}

// publish appends a message to the stream for each of the texts.
func (s *server) publish(uid event.UID, texts ...string) {
	s.tb.Helper()
	for _, text := range texts {
		m := journal.Message{Position: journal.Position{Offset: s.offset}, At: time.Now().UnixMilli()}
		m.Events = []event.Event{{UID: uid, Kind: event.Order, Message: []byte(text)}}
		if !s.window.Append(m) {
			s.tb.Fatalf("Append(%d) = false, want true", s.offset)
		}
		s.offset++
	}
}

// connect opens a connection without sending anything.
func (s *server) connect() net.Conn {
	s.tb.Helper()
	c, err := s.pipes.Dial(context.Background()) // cleanups dial, too
	if err != nil {
		s.tb.Fatal(err)
	}
	return c
}

// request sends an HTTP request, given by its lines, and reads the response.
func (s *server) request(lines ...string) (*http.Response, string) {
	s.tb.Helper()
	response, _ := ask(s.tb, s.connect(), lines...)
	body := ""
	if response.StatusCode != http.StatusSwitchingProtocols {
		b, err := io.ReadAll(response.Body)
		if err != nil {
			s.tb.Fatal(err)
		}
		body = string(b)
	}
	_ = response.Body.Close()
	return response, body
}

func ask(tb testing.TB, conn net.Conn, lines ...string) (*http.Response, *bufio.Reader) {
	tb.Helper()
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		tb.Fatal(err)
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return response, in
}

// upgrade returns the lines of an upgrade request, with more headers.
func upgrade(headers ...string) []string { return upgradeAt("/", headers...) }

// upgradeAt is upgrade with a path and query.
func upgradeAt(target string, headers ...string) []string {
	return append([]string{
		"GET " + target + " HTTP/1.1", "Host: ranger.test", "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}, headers...)
}

// wantSockets compares the numbers of sockets.
func (s *server) wantSockets(open, authenticated int) {
	s.tb.Helper()
	if o, a := s.hub.Sockets(); o != open || a != authenticated {
		s.tb.Errorf("%d sockets, %d authenticated; want %d and %d", o, a, open, authenticated)
	}
}

// wantClosed compares how many sockets ended, by code.
func (s *server) wantClosed(want map[int]int) {
	s.tb.Helper()
	synctest.Wait()
	_, closed, _ := s.metrics.read()
	if diff := cmp.Diff(want, closed); diff != "" {
		s.tb.Errorf("sockets closed by code (-want +got):\n%s", diff)
	}
}

// pass advances the clock of the bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
