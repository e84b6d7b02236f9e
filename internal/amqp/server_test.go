package amqp_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// server is a broker of the test's own.
type server struct {
	tb  testing.TB
	dir string
	url string
}

// newServer starts one and ends it with the test. files are put into its
// folder first: "rabbitmq.conf", or "none" for variables of rabbitmq-env.conf.
func newServer(tb testing.TB, files map[string]string) *server {
	tb.Helper()
	s := &server{tb: tb, dir: tb.TempDir()}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(s.kill)
	s.start()
	return s
}

func (s *server) start() {
	s.tb.Helper()
	s.url = s.script("start", s.dir, "--owner", strconv.Itoa(os.Getpid()))
}

// stop ends the broker in good order, kill as a power cut does.
func (s *server) stop() { s.tb.Helper(); s.script("stop", s.dir) }
func (s *server) kill() { s.tb.Helper(); s.script("kill", s.dir) }

// ctl runs rabbitmqctl.
func (s *server) ctl(args ...string) {
	s.tb.Helper()
	s.script(append([]string{"ctl", s.dir}, args...)...)
}

// users adds users with the password "right" and these permissions, if any: a
// program that runs once.
func (s *server) users(permissions map[string][]string) {
	s.tb.Helper()
	var todo strings.Builder
	for user, may := range permissions {
		fmt.Fprintf(&todo, `rabbit_auth_backend_internal:add_user(<<%q>>, <<"right">>, <<"a test">>), `, user)
		if may != nil {
			fmt.Fprintf(&todo, `rabbit_auth_backend_internal:set_permissions(<<%q>>, <<"/">>, <<%q>>, <<%q>>, <<%q>>, <<"a test">>), `, user, may[0], may[1], may[2])
		}
	}
	s.ctl("eval", todo.String()+"ok.")
}

func (s *server) script(args ...string) string {
	s.tb.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		s.tb.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(root, "scripts", "broker"), args...).Output() //nolint:noctx // kill has to run when the test's context has ended
	if err != nil {
		var stderr []byte
		if e, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output does not wrap it
			stderr = e.Stderr
		}
		s.tb.Fatalf("scripts/broker %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return strings.TrimSpace(string(out))
}

// as returns the server's URL with another user, password and virtual host.
func (s *server) as(user, password, vhost string) string {
	_, address, _ := strings.Cut(s.url, "@")
	return "amqp://" + user + ":" + password + "@" + address + "/" + vhost
}
