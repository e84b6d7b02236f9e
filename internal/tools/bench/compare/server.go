package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"ranger/internal/tools/bench"
	"ranger/internal/tools/child"
)

// patience bounds each wait for a server or the broker: a start, a stop, a row. It
// is no limit on speed; it turns a hang into an error.
const patience = 5 * time.Minute

// server is a running server.
type server struct {
	cmd     *exec.Cmd
	ready   chan struct{} // closed when it has caught up
	ended   chan struct{} // closed when its log has ended
	started time.Time
	url     string        // set before ready is closed
	took    time.Duration // from its start until it had caught up; set before ready is closed
	read    int           // number of messages read by then; set before ready is closed
	recent  []string      // last lines of its log; complete when ended is closed
}

// start starts a server in dir, which must not contain a .env file, and returns when it
// has caught up. The caller stops it.
func start(ctx context.Context, v variant, dir string, env []string) (*server, error) {
	s := &server{ready: make(chan struct{}), ended: make(chan struct{})}
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), v.path, v.args...) //nolint:gosec // the caller names the program
	s.cmd.Dir, s.cmd.Env = dir, slices.Concat(env, v.env)
	child.OwnGroup(s.cmd) // stop stops it
	child.EndWithParent(s.cmd, syscall.SIGKILL)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", v.path, err)
	}
	s.started = time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", v.path, err)
	}
	go s.follow(stderr)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-s.ready:
		return s, nil
	case <-s.ended:
		err = errors.New("the server has ended")
	case <-late.C:
		err = fmt.Errorf("the server has not caught up after %s", patience)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(fmt.Errorf("start %s: %w", v.path, err), s.stop())
}

// follow reads the log until the server ends.
func (s *server) follow(stderr io.Reader) {
	defer close(s.ended)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		s.recent = append(s.recent[max(0, len(s.recent)-10):], lines.Text())
		if s.took > 0 {
			continue
		}
		var line struct {
			Msg, URL string
			Read     int
		}
		_ = json.Unmarshal(lines.Bytes(), &line) // a line that is not JSON has no message
		switch line.Msg {
		case "listening for clients":
			s.url = line.URL
		case "caught up":
			s.read, s.took = line.Read, time.Since(s.started)
			close(s.ready)
		}
	}
}

// process returns the server's process.
func (s *server) process() bench.Process { return bench.Process(s.cmd.Process.Pid) }

// stop ends the server with SIGTERM, or SIGKILL after a while, and waits for its end.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	<-s.ended
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("stop %s: %w; end of its log:\n%s", s.cmd.Path, err, strings.Join(s.recent, "\n"))
	}
	return nil
}
