package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"ranger/internal/amqp"
)

const (
	// readyTimeout is how long a server of our own may take until it has read its
	// stream.
	readyTimeout = time.Minute
	// endTimeout is how long it may take to end, and the broker to forget it.
	endTimeout = 20 * time.Second
	// logTail is how many lines of its log are told where it ends by itself.
	logTail = 20
)

// ownServer is one that runs.
type ownServer struct {
	cmd    *exec.Cmd
	dir    string // where it runs: without a .env
	url    string
	broker amqp.Config     // what it has there
	gone   context.Context //nolint:containedctx // done when the process has ended; its cause says how
}

// start starts one and returns when it is ready.
func (o *ownServers) start(ctx context.Context, scenario, brokerURL string) (server *ownServer, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	name := "ranger.bench." + rand.Text()[:8]
	s := &ownServer{broker: amqp.Config{
		URL: brokerURL, Node: "bench", Queue: os.Getenv("AMQP_SOURCE") == "queue",
		Stream: name, Exchanges: amqp.Exchanges{Orders: name + ".orderbook", Trades: name + ".trade"},
	}}
	if s.dir, err = os.MkdirTemp("", "ranger-bench-"); err != nil {
		return nil, fmt.Errorf("make a directory for the server: %w", err)
	}
	s.cmd = exec.Command(program, "serve") //nolint:gosec,noctx // this program; end ends it
	s.cmd.Dir, s.cmd.Env = s.dir, o.environment(scenario, s.broker)
	endWithUs(s.cmd)
	log, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), os.RemoveAll(s.dir))
	}
	gone, ended := context.WithCancelCause(context.WithoutCancel(ctx))
	s.gone = gone
	ready := make(chan string, 1)
	go func() { ended(s.follow(log, ready)) }() // end waits for it
	select {
	case s.url = <-ready:
		return s, nil
	case <-gone.Done():
		err = context.Cause(gone)
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(readyTimeout):
		err = errors.New("the server has not read its stream within a minute")
	}
	return nil, errors.Join(err, s.end())
}

func (s *ownServer) pid() int { return s.cmd.Process.Pid }

// follow reads the server's log until the process has ended, and returns how. It
// tells its URL when it is ready.
func (s *ownServer) follow(log io.Reader, ready chan<- string) error {
	var url string
	var last []string
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		var entry struct{ Msg, URL, Level string }
		if json.Unmarshal([]byte(line), &entry) == nil {
			switch entry.Msg {
			case "listening for clients":
				url = entry.URL
			case "caught up":
				select {
				case ready <- url:
				default: // once more, after a reconnect
				}
			}
		}
		if line = strings.TrimSpace(line); line != "" && entry.Level != "INFO" {
			last = append(last, line)
			last = last[max(0, len(last)-logTail):]
		}
		if err != nil {
			break
		}
	}
	_ = s.cmd.Wait() // the state says it
	return fmt.Errorf("the server has ended: %s\n%s", s.cmd.ProcessState, strings.Join(last, "\n"))
}

// end ends the server, waits until it has, and deletes what it had at the broker.
func (s *ownServer) end() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // or it has ended
	hard := time.AfterFunc(endTimeout, func() { _ = s.cmd.Process.Kill() })
	<-s.gone.Done()
	hard.Stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.gone), endTimeout)
	defer cancel()
	return errors.Join(wrapIf("delete what the server had at the broker", amqp.Remove(ctx, s.broker)), os.RemoveAll(s.dir))
}
