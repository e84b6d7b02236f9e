package redis_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"ranger/internal/testenv"
)

// server is a Redis that only one test uses.
type server struct {
	tb      testing.TB
	dir     string
	port    string
	program []string // arguments before the port: a configuration, a mode
	args    []string
	ended   chan struct{} // closed when the process has ended
}

// newServer starts a server with additional arguments. It ends with the test. It writes
// nothing to disk, unless the arguments enable that.
func newServer(tb testing.TB, args ...string) *server {
	tb.Helper()
	testenv.Redis(tb) // skips the test under -short
	s := &server{tb: tb, dir: tb.TempDir(), port: freePort(tb), args: args}
	tb.Cleanup(s.kill)
	s.start()
	return s
}

// newServerAt returns a server on a port, which is not started yet.
func newServerAt(tb testing.TB, port string) *server {
	tb.Helper()
	testenv.Redis(tb)
	s := &server{tb: tb, dir: tb.TempDir(), port: port, ended: make(chan struct{})}
	close(s.ended)
	tb.Cleanup(s.kill)
	return s
}

// start starts the server and waits until it answers.
func (s *server) start(more ...string) {
	s.tb.Helper()
	s.launch(more...)
	var dialer net.Dialer
	testenv.Eventually(s.tb, "the server answers", func() bool {
		select {
		case <-s.ended:
			s.tb.Fatal("the server has ended")
		default:
		}
		c, err := dialer.DialContext(s.tb.Context(), "tcp", "127.0.0.1:"+s.port)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
}

// launch starts the server.
func (s *server) launch(more ...string) {
	s.tb.Helper()
	keep, err := filepath.Abs("../../scripts/keep")
	check(s.tb, err)
	args := slices.Concat(
		[]string{strconv.Itoa(os.Getpid()), s.dir, "redis-server"}, s.program,
		[]string{"--port", s.port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no"}, s.args, more,
	)
	cmd := exec.Command(keep, args...) //nolint:noctx // kill ends it, after the test's context
	check(s.tb, cmd.Start())
	ended := make(chan struct{})
	s.ended = ended
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
}

// signal sends a signal to the server's process.
func (s *server) signal(signal syscall.Signal) {
	s.tb.Helper()
	var pid int
	testenv.Eventually(s.tb, "the server's process is known", func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, "pid"))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	check(s.tb, testenv.Signal(pid, signal))
}

// kill ends the server as a power failure does, and waits until it has ended.
func (s *server) kill() {
	s.tb.Helper()
	select {
	case <-s.ended:
	default:
		s.signal(syscall.SIGKILL)
		<-s.ended
	}
	if s.tb.Failed() {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.tb.Logf("log of the server on port %s:\n%s", s.port, log)
	}
}

// url returns the server's URL. user is the part before the host, as user:password@, or
// empty.
func (s *server) url(user string) string { return "redis://" + user + "127.0.0.1:" + s.port }

// client returns a client of the server.
func (s *server) client() *goredis.Client { return newClient(s.tb, s.url("")) }

// do sends a command to the server.
func (s *server) do(args ...any) {
	s.tb.Helper()
	check(s.tb, s.client().Do(context.WithoutCancel(s.tb.Context()), args...).Err())
}

// tried counts the ports that freePort has tried.
var tried atomic.Uint32

// freePort returns a free port, a different one each time. It is below the ephemeral
// ports, so that no outgoing connection takes it before a restart.
func freePort(tb testing.TB) string {
	tb.Helper()
	var listen net.ListenConfig
	for {
		port := strconv.Itoa(15000 + (os.Getpid()*61+int(tried.Add(1)))%17000)
		l, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		check(tb, l.Close())
		return port
	}
}
