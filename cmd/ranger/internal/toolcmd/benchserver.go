package toolcmd

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
	"slices"
	"strings"
	"syscall"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/topology"
	"ranger/internal/tools/child"
)

const (
	// readyTimeout bounds the start of a server, until it has read its stream.
	readyTimeout = time.Minute
	// stopTimeout bounds the end of a server, and the cleanup at the broker.
	stopTimeout = 20 * time.Second
	// logTail is the number of lines of the log in the error if a server ends by itself.
	logTail = 20
)

// serverStarter starts servers of this program, each with new names at the broker.
type serverStarter struct {
	algorithm, audience string
	private, public     string // keys; if public is empty, private is a shared secret
}

// benchServer is a running server.
type benchServer struct {
	cmd    *exec.Cmd
	dir    string // its working directory, without a .env
	url    string
	broker amqp.Config     // its names at the broker
	ended  context.Context //nolint:containedctx // done when the process has ended; the cause says how
}

// start starts a server and returns when it is ready.
func (st *serverStarter) start(ctx context.Context, scenario, brokerURL string) (server *benchServer, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	name := "ranger.bench." + rand.Text()[:8]
	s := &benchServer{broker: amqp.Config{
		URL: brokerURL,
		Config: topology.Config{
			Node: "bench", Queue: os.Getenv("AMQP_SOURCE") == "queue",
			Stream: name, Exchanges: topology.Exchanges{Orders: name + ".orderbook", Trades: name + ".trade"},
		},
	}}
	if s.dir, err = os.MkdirTemp("", "ranger-bench-"); err != nil {
		return nil, fmt.Errorf("create a directory for the server: %w", err)
	}
	s.cmd = exec.Command(program, "serve") //nolint:gosec,noctx // this program; stop ends it
	s.cmd.Dir, s.cmd.Env = s.dir, st.environment(scenario, s.broker)
	child.OwnGroup(s.cmd)
	child.EndWithParent(s.cmd, syscall.SIGTERM)
	log, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), os.RemoveAll(s.dir))
	}
	ended, end := context.WithCancelCause(context.WithoutCancel(ctx))
	s.ended = ended
	ready := make(chan string, 1)
	go func() { end(s.follow(log, ready)) }() // stop waits for it
	select {
	case s.url = <-ready:
		return s, nil
	case <-ended.Done():
		err = context.Cause(ended)
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(readyTimeout):
		err = fmt.Errorf("the server has not read its stream after %s", readyTimeout)
	}
	return nil, errors.Join(err, s.stop())
}

// environment returns this process's environment with the variables replaced that
// separate the server from others.
func (st *serverStarter) environment(scenario string, broker amqp.Config) []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		for _, prefix := range []string{"WEBSOCKET_", "OPS_", "LOG_", "JWT_", "RABBITMQ_", "AMQP_STREAM", "AMQP_ORDERBOOK_", "AMQP_TRADE_", "NODE_NAME", "REDIS_", "MEMBER_"} {
			if strings.HasPrefix(pair, prefix) {
				return true
			}
		}
		return false
	})
	defaults := []string{"DRAIN_PERIOD=0s"}
	if scenario == "burst" {
		defaults = append(defaults, "HISTORY_SIZE=20000", "HISTORY_MEMORY=512MiB")
	}
	for _, pair := range defaults {
		if name, _, _ := strings.Cut(pair, "="); os.Getenv(name) == "" {
			env = append(env, pair)
		}
	}
	if st.public == "" {
		env = append(env, "JWT_SECRET="+st.private)
	} else {
		env = append(env, "JWT_PUBLIC_KEY="+st.public)
	}
	return append(env,
		"JWT_ALGORITHM="+st.algorithm, "JWT_AUDIENCE="+st.audience, "RABBITMQ_URL="+broker.URL, "NODE_NAME="+broker.Node,
		"AMQP_STREAM="+broker.Stream, "AMQP_ORDERBOOK_EXCHANGE="+broker.Exchanges.Orders, "AMQP_TRADE_EXCHANGE="+broker.Exchanges.Trades,
		"WEBSOCKET_HOST=127.0.0.1", "WEBSOCKET_PORT=0", "OPS_ADDR=off", "LOG_FORMAT=json", "LOG_LEVEL=info")
}

func (s *benchServer) pid() int { return s.cmd.Process.Pid }

// follow reads the server's log until the process has ended, and returns how it ended.
// It sends the server's URL to ready when it is ready.
func (s *benchServer) follow(log io.Reader, ready chan<- string) error {
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
				default: // again, after a reconnect
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
	_ = s.cmd.Wait() // ProcessState has the result
	return fmt.Errorf("the server has ended: %s\n%s", s.cmd.ProcessState, strings.Join(last, "\n"))
}

// stop ends the server, waits for its end, and deletes its names at the broker.
func (s *benchServer) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
	kill := time.AfterFunc(stopTimeout, func() { _ = s.cmd.Process.Kill() })
	<-s.ended.Done()
	kill.Stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ended), stopTimeout)
	defer cancel()
	return errors.Join(wrapIf("delete the server's stream and exchanges", topology.Remove(ctx, s.broker.URL, s.broker.Config)), os.RemoveAll(s.dir))
}
