package redis_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"ranger/internal/testenv"
)

// server is a Redis of the test's own.
type server struct {
	tb      testing.TB
	dir     string
	port    string
	program []string // what comes before the port: a configuration, a mode
	args    []string
	ended   chan struct{} // closed once it has ended
}

// newServer starts one with more arguments and ends it with the test. It keeps
// nothing on disk, unless the arguments say so.
func newServer(tb testing.TB, args ...string) *server {
	tb.Helper()
	testenv.Redis(tb) // -short leaves out what needs one
	s := &server{tb: tb, dir: tb.TempDir(), port: freePort(tb), args: args}
	tb.Cleanup(s.kill)
	s.start()
	return s
}

// newServerAt is newServer on a port, not started yet.
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
	check(s.tb, syscall.Kill(pid, signal))
}

// kill ends the server as a power cut does, and waits for its end.
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

// url returns the server's URL with what comes after the scheme and before the
// host: user:password@.
func (s *server) url(user string) string { return "redis://" + user + "127.0.0.1:" + s.port }

// client returns a client of the server.
func (s *server) client() *goredis.Client { return newClient(s.tb, s.url("")) }

// do runs a command on the server.
func (s *server) do(args ...any) {
	s.tb.Helper()
	check(s.tb, s.client().Do(context.WithoutCancel(s.tb.Context()), args...).Err())
}

// gate stands between a directory and a server, and can hold back one command.
type gate struct {
	url  string        // of the server, through the gate
	shut atomic.Bool   // hold the command back
	held chan struct{} // has one once it was
	pass chan struct{} // closed to let go what was held back
}

// newGate returns an open gate for a command, whose name is in lower case.
func newGate(tb testing.TB, s *server, command string) *gate {
	tb.Helper()
	var listen net.ListenConfig
	l, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	check(tb, err)
	g := &gate{url: "redis://" + l.Addr().String(), held: make(chan struct{}, 1), pass: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		var dialer net.Dialer
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := dialer.DialContext(tb.Context(), "tcp", "127.0.0.1:"+s.port)
			if err != nil {
				_ = near.Close()
				continue
			}
			running.Go(func() { g.copy(far, near, command) })
			running.Go(func() { g.copy(near, far, "") })
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		running.Wait() // the directory has ended, thus each connection
	})
	return g
}

// copy passes on what is sent, but for the command while the gate is shut.
func (g *gate) copy(to, from net.Conn, command string) {
	defer to.Close()   //nolint:errcheck // one side has ended
	defer from.Close() //nolint:errcheck // as above
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if command != "" && g.shut.Load() && bytes.Contains(buffer[:n], []byte(command)) {
			select {
			case g.held <- struct{}{}:
			default:
			}
			<-g.pass
		}
		if _, werr := to.Write(buffer[:n]); err != nil || werr != nil {
			return
		}
	}
}

// taken counts the ports that freePort has looked at.
var taken atomic.Uint32

// freePort returns a port that nobody listens on, another one each time, below
// those that outgoing connections take, so that it is still free at a restart.
func freePort(tb testing.TB) string {
	tb.Helper()
	var listen net.ListenConfig
	for {
		port := strconv.Itoa(15000 + (os.Getpid()*61+int(taken.Add(1)))%17000)
		l, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		check(tb, l.Close())
		return port
	}
}
