package redis_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"ranger/internal/event"
	"ranger/internal/redis"
	"ranger/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// never is longer than any test: a RefreshEvery without a second reading, a Wait that
// must not pass.
const never = time.Hour

// newKey returns a key on the shared Redis that only the calling test uses.
func newKey(tb testing.TB) string {
	tb.Helper()
	key := "ranger-test:" + rand.Text()
	c := newClient(tb, testenv.Redis(tb))
	tb.Cleanup(func() { check(tb, c.Del(context.WithoutCancel(tb.Context()), key).Err()) })
	return key
}

// newClient returns a client in addition to the directory's.
func newClient(tb testing.TB, url string) *goredis.Client {
	tb.Helper()
	options, err := goredis.ParseURL(url)
	check(tb, err)
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = testenv.Patience, testenv.Patience, testenv.Patience, testenv.Patience
	c := goredis.NewClient(options)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// node is a running directory and its log.
type node struct {
	*redis.Directory
	tb   testing.TB
	log  *logBuffer
	stop context.CancelFunc
	done chan error // gets the result of Run, then is closed
}

// startNode runs a directory until the test ends. It has no timeouts that a slow machine
// could exceed, except for Config.Wait if cfg has one.
func startNode(tb testing.TB, cfg redis.Config) *node {
	tb.Helper()
	return startNodeWithin(tb, cfg, never/2)
}

// startNodeWithin runs a directory like startNode, with a timeout of commands; 0: the
// directory's own.
func startNodeWithin(tb testing.TB, cfg redis.Config, timeout time.Duration) *node {
	tb.Helper()
	cfg.Wait = cmp.Or(cfg.Wait, never)
	log := &logBuffer{more: make(chan struct{})}
	d, err := redis.NewDirectory(cfg, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	check(tb, err)
	if timeout > 0 {
		d.SetTimeout(timeout)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	n := &node{Directory: d, tb: tb, log: log, stop: cancel, done: make(chan error, 1)}
	go func() {
		n.done <- d.Run(ctx)
		close(n.done)
	}()
	tb.Cleanup(func() {
		cancel()
		check(tb, await(tb, n.done, "Run returns"))
		if tb.Failed() {
			tb.Logf("log:\n%s", log.text())
		}
	})
	return n
}

// startLoaded runs a directory like startNode and waits until the hash was read.
func startLoaded(tb testing.TB, cfg redis.Config) *node {
	tb.Helper()
	n := startNode(tb, cfg)
	n.awaitLog(1, "the member directory is loaded")
	return n
}

// The log lines of an outage.
const (
	outageBegins = "redis does not answer"
	outageEnds   = "redis answers again"
)

// awaitLog waits until the text was logged that many times.
func (n *node) awaitLog(times int, text string) {
	n.tb.Helper()
	timeout := time.After(testenv.Patience)
	for {
		n.log.mu.Lock()
		got, more := strings.Count(n.log.lines.String(), text), n.log.more
		n.log.mu.Unlock()
		if got >= times {
			return
		}
		select {
		case <-more:
		case <-timeout:
			n.tb.Fatalf("%q was logged %d times, want %d:\n%s", text, got, times, n.log.text())
		}
	}
}

// logged fails the test unless the text was logged that many times so far.
func (n *node) logged(times int, text string) {
	n.tb.Helper()
	if got := strings.Count(n.log.text(), text); got != times {
		n.tb.Errorf("%q was logged %d times, want %d:\n%s", text, got, times, n.log.text())
	}
}

// wantUID fails the test unless the member has that uid in memory; "": no uid.
func (n *node) wantUID(member string, uid event.UID) {
	n.tb.Helper()
	if got, ok := n.UID(member); got != uid || ok != (uid != "") {
		n.tb.Errorf("UID(%s): got %q, %t, want %q", member, got, ok, uid)
	}
}

// find fails the test unless Find returns that uid; "": no uid.
func (n *node) find(member string, uid event.UID) {
	n.tb.Helper()
	returns(n.tb, "Find returns for "+member, func() {
		if got, ok := n.Find(n.tb.Context(), member); got != uid || ok != (uid != "") {
			n.tb.Errorf("Find(%s): got %q, %t, want %q", member, got, ok, uid)
		}
	})
}

// notice lets a look-up find that there is an outage, and returns when the log has that
// many outages.
func (n *node) notice(outages int) {
	n.tb.Helper()
	ctx, cancel := context.WithCancel(n.tb.Context())
	var asking sync.WaitGroup
	asking.Go(func() { n.Find(ctx, "0") })
	n.awaitLog(outages, outageBegins)
	cancel()
	returns(n.tb, "Find returns after its context is done", asking.Wait)
}

// returns fails the test unless f returns. what describes that.
func returns(tb testing.TB, what string, f func()) {
	tb.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	await(tb, done, what)
}

// await receives from c and fails the test if nothing arrives. what describes the event.
func await[T any](tb testing.TB, c <-chan T, what string) (got T) {
	tb.Helper()
	select {
	case got = <-c:
	case <-time.After(testenv.Patience):
		tb.Errorf("timed out after %s waiting until %s", testenv.Patience, what)
	}
	return got
}

// logBuffer is a log in memory.
type logBuffer struct {
	mu    sync.Mutex
	lines strings.Builder
	more  chan struct{} // closed and replaced at each line
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.more)
	b.more = make(chan struct{})
	return b.lines.Write(line)
}

func (b *logBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines.String()
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
