package redis_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"ranger/internal/event"
	"ranger/internal/redis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to happen; prompt is how long
// what must not wait may take on a slow machine.
const (
	patience = 40 * time.Second
	prompt   = time.Second
)

// rare is a RefreshEvery for tests in which only Find may find.
const rare = time.Hour

// sharedURL is the URL of the Redis that tests share.
func sharedURL(tb testing.TB) string {
	tb.Helper()
	url := os.Getenv("REDIS_URL") //nolint:forbidigo // scripts/services says here where Redis is
	if url == "" {
		tb.Fatal("REDIS_URL is not set: run the tests as `scripts/services go test ./...`")
	}
	return url
}

// newKey returns a key of the test's own on the shared Redis.
func newKey(tb testing.TB) string {
	tb.Helper()
	key := "ranger-test:" + rand.Text()
	c := newClient(tb, sharedURL(tb))
	tb.Cleanup(func() { check(tb, c.Del(context.WithoutCancel(tb.Context()), key).Err()) })
	return key
}

// newClient returns a client beside the directory's.
func newClient(tb testing.TB, url string) *goredis.Client {
	tb.Helper()
	options, err := goredis.ParseURL(url)
	check(tb, err)
	c := goredis.NewClient(options)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// node is a directory that runs, and what it logged.
type node struct {
	*redis.Directory
	tb   testing.TB
	log  *journal
	stop context.CancelFunc
	done chan error // closed after Run's result
}

// startNode runs a directory until the test ends.
func startNode(tb testing.TB, cfg redis.Config) *node {
	tb.Helper()
	log := &journal{more: make(chan struct{})}
	d, err := redis.NewDirectory(cfg, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	check(tb, err)
	ctx, cancel := context.WithCancel(tb.Context())
	n := &node{Directory: d, tb: tb, log: log, stop: cancel, done: make(chan error, 1)}
	go func() {
		n.done <- d.Run(ctx)
		close(n.done)
	}()
	tb.Cleanup(func() {
		cancel()
		check(tb, <-n.done)
		if tb.Failed() {
			tb.Logf("log:\n%s", log.text())
		}
	})
	return n
}

// startLoaded is startNode, and waits until the hash was read.
func startLoaded(tb testing.TB, cfg redis.Config) *node {
	tb.Helper()
	n := startNode(tb, cfg)
	n.awaitLog(1, "the member directory is loaded")
	return n
}

// The lines of an outage.
const (
	lineAway = "redis does not answer"
	lineBack = "redis answers again"
)

// awaitLog waits until that many lines have that text.
func (n *node) awaitLog(times int, text string) {
	n.tb.Helper()
	timeout := time.After(patience)
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

// logged fails unless the text was logged that many times so far.
func (n *node) logged(times int, text string) {
	n.tb.Helper()
	if got := strings.Count(n.log.text(), text); got != times {
		n.tb.Errorf("%q was logged %d times, want %d:\n%s", text, got, times, n.log.text())
	}
}

// wantUID fails unless the memory says uid of the member; none is "".
func (n *node) wantUID(member string, uid event.UID) {
	n.tb.Helper()
	if got, ok := n.UID(member); got != uid || ok != (uid != "") {
		n.tb.Errorf("the uid of %s: got %q, %t, want %q", member, got, ok, uid)
	}
}

// find is Find, and fails unless it says uid, not sooner than least and not later
// than most.
func (n *node) find(member string, uid event.UID, least, most time.Duration) {
	n.tb.Helper()
	began := time.Now()
	got, ok := n.Find(n.tb.Context(), member)
	took := time.Since(began)
	if got != uid || ok != (uid != "") {
		n.tb.Errorf("find %s: got %q, %t, want %q", member, got, ok, uid)
	}
	if took < least || took > most {
		n.tb.Errorf("find %s took %s, want %s to %s", member, took, least, most)
	}
}

// eventually waits until holds does.
func eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			tb.Fatal("it did not come to pass that " + what)
		}
	}
}

// journal is a log in memory.
type journal struct {
	mu    sync.Mutex
	lines strings.Builder
	more  chan struct{} // closed and replaced at each line
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.more)
	j.more = make(chan struct{})
	return j.lines.Write(line)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
