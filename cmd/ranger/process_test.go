package main_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// process is a running `ranger serve` or `ranger sandbox`.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	ws   string // ws://… or wss://…
	ops  string // http://…
	done chan struct{}
	code int // exit code, once done is closed; -1 for a signal

	mu    sync.Mutex
	lines []string      // guarded by mu: the log so far
	more  chan struct{} // guarded by mu: closed and replaced at each line
}

// serve starts a node and returns when it is ready.
func (w *world) serve(env ...string) *process {
	w.t.Helper()
	p := w.start(env...)
	p.awaitLog("caught up")
	return p
}

// start starts a node and returns when it listens.
func (w *world) start(env ...string) *process {
	w.t.Helper()
	p := launchIn(w.t, w.t.TempDir(), append(w.environment(), env...), "serve")
	p.awaitListening()
	return p
}

// awaitListening waits until the log has the addresses of the listeners.
func (p *process) awaitListening() {
	p.t.Helper()
	p.ws = p.awaitLog("listening for clients")["url"]
	p.ops = p.awaitLog("listening for operators")["url"]
}

func (w *world) environment() []string {
	return []string{
		"RABBITMQ_URL=" + w.url,
		"AMQP_ORDERBOOK_EXCHANGE=" + w.orders,
		"AMQP_TRADE_EXCHANGE=" + w.trades,
		"AMQP_STREAM=" + w.stream,
		"WEBSOCKET_HOST=127.0.0.1",
		"WEBSOCKET_PORT=0",
		"OPS_ADDR=127.0.0.1:0",
		"LOG_FORMAT=json",
		// Only tests about these may depend on them, so that others pass on a slow machine.
		"AUTH_TIMEOUT=10m", "PING_INTERVAL=10m", "WRITE_TIMEOUT=10m",
		"JWT_PUBLIC_KEY=" + w.publicPEM,
	}
}

// launchIn starts the program in dir with only this environment. It ends with the test.
func launchIn(t testing.TB, dir string, env []string, args ...string) *process {
	t.Helper()
	p := newProcess(t, dir, env, args...)
	p.launch()
	return p
}

// newProcess returns the program before its start. It does not end with the test's context,
// which is done before the cleanups in which clients close: the cleanup of launch ends it.
func newProcess(t testing.TB, dir string, env []string, args ...string) *process {
	p := &process{t: t, cmd: testenv.Command(context.WithoutCancel(t.Context()), binary, args...), done: make(chan struct{}), more: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append(env, "PATH="+os.Getenv("PATH"), promptRaceEnd)
	return p
}

// promptRaceEnd lets a program with the race detector exit at once, instead of waiting a
// second for late reports.
const promptRaceEnd = "GORACE=atexit_sleep_ms=0"

// launch starts the program. It ends with the test.
func (p *process) launch() {
	p.t.Helper()
	stderr, err := p.cmd.StderrPipe()
	check(p.t, err)
	check(p.t, p.cmd.Start())
	go p.follow(stderr)
	p.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if p.t.Failed() {
			p.t.Logf("log of %v:\n%s", p.cmd.Args[1:], strings.Join(p.log(), "\n"))
		}
	})
}

// follow stores the lines of standard error until the program ends.
func (p *process) follow(stderr io.Reader) {
	defer close(p.done)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		p.code = exit.ExitCode()
	}
}

func (p *process) log() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}

// awaitLog waits for a log line with this message and returns its values as text.
func (p *process) awaitLog(message string) map[string]string {
	p.t.Helper()
	return p.awaitLogAfter(0, message)
}

// awaitLine waits for a line on standard error that contains text.
func (p *process) awaitLine(text string) {
	p.t.Helper()
	timeout := time.After(testenv.Patience)
	for n := 0; ; {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for ; n < len(lines); n++ {
			if strings.Contains(lines[n], text) {
				return
			}
		}
		select {
		case <-more:
		case <-p.done:
			p.t.Fatalf("got exit code %d before %q was printed", p.code, text)
		case <-timeout:
			p.t.Fatalf("timed out waiting for %q on standard error", text)
		}
	}
}

// awaitLogAfter is awaitLog from the n-th line on.
func (p *process) awaitLogAfter(n int, message string) map[string]string {
	p.t.Helper()
	timeout := time.After(testenv.Patience)
	for {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for ; n < len(lines); n++ {
			var values map[string]any
			if json.Unmarshal([]byte(lines[n]), &values) != nil || values["msg"] != message {
				continue
			}
			line := make(map[string]string)
			for k, v := range values {
				if s, ok := v.(string); ok {
					line[k] = s
				} else {
					b, _ := json.Marshal(v)
					line[k] = string(b)
				}
			}
			return line
		}
		select {
		case <-more:
		case <-p.done:
			p.t.Fatalf("got exit code %d before %q was logged:\n%s", p.code, message, strings.Join(p.log(), "\n"))
		case <-timeout:
			p.t.Fatalf("timed out waiting for log line %q:\n%s", message, strings.Join(p.log(), "\n"))
		}
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	check(p.t, p.cmd.Process.Signal(s))
}

// exit waits for the end of the program and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.code
	case <-time.After(testenv.Patience):
		p.t.Fatal("timed out waiting for the program to end")
		return 0
	}
}

// get requests path from the operators' listener.
func (p *process) get(path string) (status int, body string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.ops+path, nil)
	check(p.t, err)
	res, err := http.DefaultClient.Do(req)
	check(p.t, err)
	defer res.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(res.Body)
	check(p.t, err)
	return res.StatusCode, string(b)
}

// metric returns the value of a series, such as `ranger_events_total{kind="trade"}`.
func (p *process) metric(series string) float64 {
	p.t.Helper()
	_, body := p.get("/metrics")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(body)
	if m == nil {
		p.t.Fatalf("no metric %s in:\n%s", series, body)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	check(p.t, err)
	return v
}

func randomText() string { return rand.Text()[:8] }
