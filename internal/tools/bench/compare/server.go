package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ranger/internal/tools/bench"
)

// The servers, by the name of their binary.
const (
	ranger   = "ranger"
	bareLoop = "bare"
)

// patience bounds each wait for what a server or the broker has to do: a start, an
// end, a row. It says nothing of speed: it makes an error of what hangs.
const patience = 5 * time.Minute

// build makes both binaries in dir, with more flags of `go build`, and env beside
// our own environment.
func build(ctx context.Context, dir string, env []string, flags ...string) error {
	args := append([]string{"build", "-o", dir + string(filepath.Separator)}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "ranger/cmd/ranger", "ranger/internal/tools/bench/bare")...) //nolint:gosec // flags of ours
	cmd.Env = append(os.Environ(), env...)
	endWithUs(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the servers: %w\n%s", err, out)
	}
	return nil
}

// server is one that runs.
type server struct {
	cmd    *exec.Cmd
	ready  chan struct{} // closed when it has caught up
	ended  chan struct{} // closed when its log has ended
	begun  time.Time
	url    string        // fixed once ready is closed
	took   time.Duration // from its start until it had caught up; the same
	read   int           // how many messages it had read by then; the same
	recent []string      // the end of its log, fixed once ended is closed
}

// start starts a server, and returns when it has caught up. Stop it.
func start(ctx context.Context, binary string, env []string) (*server, error) {
	var args []string
	if filepath.Base(binary) == ranger {
		args = []string{"serve"}
	}
	s := &server{ready: make(chan struct{}), ended: make(chan struct{})}
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), binary, args...) //nolint:gosec // built by us
	s.cmd.Env = env
	s.cmd.Dir = filepath.Dir(binary) // where no .env is
	endWithUs(s.cmd)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	s.begun = time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	go s.follow(stderr)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-s.ready:
		return s, nil
	case <-s.ended:
		err = errors.New("it has ended")
	case <-late.C:
		err = errors.New("it has not caught up")
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), s.stop())
}

// follow reads the log. It ends with the server.
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
		_ = json.Unmarshal(lines.Bytes(), &line) // what is no log line has no message
		switch line.Msg {
		case "listening for clients":
			s.url = line.URL
		case "caught up":
			s.read, s.took = line.Read, time.Since(s.begun)
			close(s.ready)
		}
	}
}

// process is the server's.
func (s *server) process() bench.Process { return bench.Process(s.cmd.Process.Pid) }

// stop ends the server, in order if it can, and waits for its end.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	<-s.ended
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("stop %s: %w; its log's end:\n%s", s.cmd.Path, err, strings.Join(s.recent, "\n"))
	}
	return nil
}
