package main_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// toy is a running `ranger sandbox`.
type toy struct {
	*process
	url     string // http://…
	welcome string // its output at the start
}

// startSandbox starts a sandbox on a free port and returns when it listens.
func startSandbox(t testing.TB, env []string, args ...string) *toy {
	t.Helper()
	p := newProcess(t, t.TempDir(), env, append([]string{"sandbox", "--port", "0"}, args...)...)
	stdout, err := p.cmd.StdoutPipe()
	check(t, err)
	p.launch()
	late := time.AfterFunc(testenv.Patience, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	s := &toy{process: p}
	for lines := bufio.NewScanner(stdout); !strings.Contains(s.welcome, "Ctrl-C"); {
		if !lines.Scan() {
			t.Fatalf("the sandbox ended or was killed before the end of its welcome:\n%s", s.welcome)
		}
		s.welcome += lines.Text() + "\n"
	}
	m := regexp.MustCompile(`http://(\S+)/`).FindStringSubmatch(s.welcome)
	if m == nil {
		t.Fatalf("got no address in\n%s", s.welcome)
	}
	s.url, s.ws = "http://"+m[1], "ws://"+m[1]
	return s
}

// call sends a request to the API, with a session token unless token is empty.
func (s *toy) call(method, path, token, body string) (status int, answer string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	check(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	check(s.t, err)
	defer res.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(res.Body)
	check(s.t, err)
	return res.StatusCode, string(b)
}

// signIn returns Alice's session token.
func (s *toy) signIn() string {
	s.t.Helper()
	_, code := s.call(http.MethodGet, "/sandbox/totp/alice@example.com", "", "")
	status, token := s.call(http.MethodPost, "/api/v1/sessions", "",
		`{"email":"alice@example.com","password":"Alice-in-sand-1","application_id":"x","otp_code":"`+code+`"}`)
	if status != http.StatusCreated {
		s.t.Fatalf("sign in: got %d %s", status, token)
	}
	return strings.Trim(token, "\"\n")
}

// login connects with a session token.
func (s *toy) login(token string) *socket {
	s.t.Helper()
	socket := dial(s.t, s.process, nil)
	socket.send(`{"jwt":"Bearer ` + token + `"}`)
	socket.expect(authenticated)
	return socket
}

// interrupt sends Ctrl-C and waits for exit code 0.
func (s *toy) interrupt() {
	s.t.Helper()
	s.signal(syscall.SIGINT)
	if code := s.exit(); code != 0 {
		s.t.Errorf("got exit code %d, want 0", code)
	}
}

// keyFile writes a new key for an algorithm to a file, and returns a signer with it.
func keyFile(t testing.TB, algorithm string) (file string, signer *auth.Signer) {
	t.Helper()
	private, _, err := auth.GenerateKey(algorithm)
	check(t, err)
	signer, err = auth.NewSigner(algorithm, string(private))
	check(t, err)
	file = filepath.Join(t.TempDir(), "key.pem")
	check(t, os.WriteFile(file, private, 0o600))
	return file, signer
}

// sign returns a session token.
func sign(t testing.TB, signer *auth.Signer, uid event.UID) string {
	t.Helper()
	token, err := signer.Sign(auth.Claims{UID: uid})
	check(t, err)
	return token
}

// bash returns the output of a script.
func bash(t testing.TB, script string) string {
	t.Helper()
	testenv.Programs(t)
	cmd := testenv.Command(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v (`make test` installs what the tests need): %s\n%s", err, script, out)
	}
	return string(out)
}
