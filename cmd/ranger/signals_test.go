package main_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/auth"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Sockets are closed with 1001, and the exit code is 0.
func TestSIGTERM_ClosesSocketsOverDrainPeriod(t *testing.T) {
	t.Parallel()
	const sockets, period = 8, 2 * time.Second
	w := newWorld(t)
	p := w.serve("DRAIN_PERIOD=" + period.String())
	all := make([]*socket, sockets)
	for i := range all {
		all[i] = w.login(p, user(i))
	}
	start := time.Now()
	p.signal(syscall.SIGTERM)
	all[0].expectClose(1001, "going away")
	for _, s := range all[1:] {
		s.expectClose(1001, "going away")
	}
	if took := time.Since(start); took < period {
		t.Errorf("got all closes within %v, want them over %v", took, period)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}

// After the first SIGTERM the node is no longer ready, accepts no sockets, and delivers
// events to those that are still open.
func TestSIGTERM_SecondOneEndsTheNodeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.serve("DRAIN_PERIOD=1h")
	const sockets = 3
	var all []*socket
	for i := range sockets {
		all = append(all, w.login(p, user(i)))
	}
	p.signal(syscall.SIGTERM)
	p.awaitLog("stopping")
	all[0].expectClose(1001, "going away")
	if status, body := p.get("/readyz"); status != 503 || !strings.Contains(body, "stopping") {
		t.Errorf("while stopping: got /readyz %d %s", status, body)
	}
	if _, res, err := websocket.DefaultDialer.DialContext(t.Context(), p.ws, nil); err == nil {
		t.Error("while stopping: got a socket, want none")
	} else if res != nil {
		check(t, res.Body.Close())
	}
	all[sockets-1].expect(w.order(user(sockets-1), 1))
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 1 {
		t.Errorf("got exit code %d, want 1", code)
	}
}

// After the file of keys is replaced and SIGHUP sent, tokens of the new key are valid,
// and sockets stay open.
func TestSIGHUP_ReloadsKeysAndKeepsSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "keys.pem")
	check(t, os.WriteFile(file, []byte(w.publicPEM), 0o600))
	p := w.serve("JWT_PUBLIC_KEY=", "JWT_PUBLIC_KEY_FILE="+file)

	for _, invalid := range []string{"no key", ""} {
		n := len(p.log())
		check(t, os.WriteFile(file, []byte(invalid), 0o600))
		p.signal(syscall.SIGHUP)
		p.awaitLogAfter(n, "keys not reloaded, the previous ones remain in use")
	}
	old := w.login(p, alice)

	private, public, err := auth.GenerateKey("RS256")
	check(t, err)
	check(t, os.WriteFile(file, public, 0o600))
	n := len(p.log())
	p.signal(syscall.SIGHUP)
	p.awaitLogAfter(n, "keys reloaded")
	s := dial(t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(alice) + `"}`)
	s.expect(refused)
	w.signer, err = auth.NewSigner("RS256", string(private))
	check(t, err)
	s.send(`{"jwt":"Bearer ` + w.token(alice) + `"}`)
	s.expect(authenticated)
	old.expect(w.order(alice, 1))
}
