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

// rare is a time that no test lives to see the end of: a RefreshEvery where only
// Find may find, a Wait that must not be waited for.
const rare = time.Hour

// newKey returns a key of the test's own on the shared Redis.
func newKey(tb testing.TB) string {
	tb.Helper()
	key := "ranger-test:" + rand.Text()
	c := newClient(tb, testenv.Redis(tb))
	tb.Cleanup(func() { check(tb, c.Del(context.WithoutCancel(tb.Context()), key).Err()) })
	return key
}

// newClient returns a client beside the directory's.
func newClient(tb testing.TB, url string) *goredis.Client {
	tb.Helper()
	options, err := goredis.ParseURL(url)
	check(tb, err)
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = testenv.Patience, testenv.Patience, testenv.Patience, testenv.Patience
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

// startNode runs a directory until the test ends. No time of its runs out, so that
// an outage is none of the machine's, unless cfg has a Wait: then that of Find does.
func startNode(tb testing.TB, cfg redis.Config) *node {
	tb.Helper()
	return startNodeWithin(tb, cfg, rare/2)
}

// startNodeWithin is startNode with a time in which a command must be answered; 0
// stands for what the directory makes of its Wait.
func startNodeWithin(tb testing.TB, cfg redis.Config, within time.Duration) *node {
	tb.Helper()
	cfg.Wait = cmp.Or(cfg.Wait, rare)
	log := &journal{more: make(chan struct{})}
	d, err := redis.NewDirectory(cfg, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	check(tb, err)
	if within > 0 {
		d.SetAnswer(within)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	n := &node{Directory: d, tb: tb, log: log, stop: cancel, done: make(chan error, 1)}
	go func() {
		n.done <- d.Run(ctx)
		close(n.done)
	}()
	tb.Cleanup(func() {
		cancel()
		check(tb, await(tb, n.done, "to end Run"))
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

// find is Find, and fails unless it says uid; none is "".
func (n *node) find(member string, uid event.UID) {
	n.tb.Helper()
	returns(n.tb, "to find "+member, func() {
		if got, ok := n.Find(n.tb.Context(), member); got != uid || ok != (uid != "") {
			n.tb.Errorf("find %s: got %q, %t, want %q", member, got, ok, uid)
		}
	})
}

// notice has a look-up meet an outage, and returns when it was logged as that
// many so far.
func (n *node) notice(outages int) {
	n.tb.Helper()
	ctx, cancel := context.WithCancel(n.tb.Context())
	var asking sync.WaitGroup
	asking.Go(func() { n.Find(ctx, "0") })
	n.awaitLog(outages, lineAway)
	cancel()
	returns(n.tb, "to end a look-up", asking.Wait)
}

// returns fails unless f does.
func returns(tb testing.TB, what string, f func()) {
	tb.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	await(tb, done, what)
}

// await returns what comes through c, and fails when nothing does.
func await[T any](tb testing.TB, c <-chan T, what string) (got T) {
	tb.Helper()
	select {
	case got = <-c:
	case <-time.After(testenv.Patience):
		tb.Errorf("it takes more than %s %s", testenv.Patience, what)
	}
	return got
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
