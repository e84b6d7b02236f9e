package main_test

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ranger/internal/testenv"
)

// A node that is ready remains so, and reports the outage.
func TestServe_StaysReadyDuringOutageOfRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRedis(t)
	r.start()
	check(t, r.client().HSet(t.Context(), "members of "+w.stream, "11", "IDELEVEN", "12", "IDTWELVE").Err())
	file := filepath.Join(t.TempDir(), "url")
	check(t, os.WriteFile(file, []byte(r.url+"\n"), 0o600))
	p := w.serve("REDIS_URL_FILE="+file, "MEMBER_DIRECTORY=members of "+w.stream)
	if line := p.awaitLog("the member directory is loaded"); line["members"] != "2" {
		t.Errorf("got log line %v", line)
	}
	r.ready(p, `"redis":"connected"`)
	if up, members := p.metric("ranger_redis_up"), p.metric("ranger_members"); up != 1 || members != 2 {
		t.Errorf("got ranger_redis_up %v and ranger_members %v, want 1 and 2", up, members)
	}

	r.kill()
	r.ready(p, `"redis":"disconnected since `)
	if up, members := p.metric("ranger_redis_up"), p.metric("ranger_members"); up != 0 || members != 2 {
		t.Errorf("got ranger_redis_up %v and ranger_members %v, want 0 and 2", up, members)
	}
	s := w.login(p, alice)
	s.expect(w.order(alice, 1)) // uids need no Redis
	r.start()
	p.awaitLog("redis answers again")
	r.ready(p, `"redis":"connected"`)
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}

// A node waits some seconds for the directory, then becomes ready without it.
func TestServe_BecomesReadyWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRedis(t)
	began := time.Now()
	p := w.serve("REDIS_URL=" + r.url)
	p.awaitLog("redis does not answer, will reconnect")
	if status, body := p.get("/readyz"); status != 503 && time.Since(began) < 4*time.Second {
		t.Errorf("got /readyz %d %s", status, body)
	}
	r.ready(p, `"redis":"disconnected since `)
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("got ready after %s", took)
	}
	s := w.login(p, alice)
	s.expect(w.order(alice, 1))
	r.start()
	p.awaitLog("redis answers again")
	r.ready(p, `"redis":"connected"`)
}

func TestServe_ReportsNoRedisIfItsURLIsUnset(t *testing.T) {
	t.Parallel()
	p := newWorld(t).serve()
	p.awaitLog("member ids are not resolved: REDIS_URL is unset")
	if _, body := p.get("/readyz"); strings.Contains(body, "redis") {
		t.Errorf("got Redis in /readyz: %s", body)
	}
	if _, body := p.get("/metrics"); strings.Contains(body, "ranger_redis") || strings.Contains(body, "ranger_members") {
		t.Error("got Redis in /metrics")
	}
}

// ownRedis is a Redis that only one test uses.
type ownRedis struct {
	t     testing.TB
	dir   string
	port  string
	url   string
	ended chan struct{}
}

// newRedis returns a Redis that is not started yet.
func newRedis(t testing.TB) *ownRedis {
	t.Helper()
	var listen net.ListenConfig
	for {
		// Below the ephemeral ports, so that no outgoing connection takes it before a restart.
		port := strconv.Itoa(15000 + rand.IntN(17000))
		if l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
			check(t, l.Close())
			return &ownRedis{t: t, dir: t.TempDir(), port: port, url: "redis://127.0.0.1:" + port}
		}
	}
}

func (r *ownRedis) start() {
	r.t.Helper()
	keep, err := filepath.Abs("../../scripts/keep")
	check(r.t, err)
	cmd := exec.CommandContext(context.Background(), keep, strconv.Itoa(os.Getpid()), r.dir, "redis-server",
		"--port", r.port, "--bind", "127.0.0.1", "--dir", r.dir, "--save", "", "--appendonly", "no")
	check(r.t, cmd.Start())
	r.ended = make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(r.ended)
	}()
	r.t.Cleanup(r.kill)
	ctx, cancel := context.WithTimeout(r.t.Context(), testenv.Patience)
	defer cancel()
	c := r.client()
	for c.Ping(ctx).Err() != nil {
		check(r.t, ctx.Err())
	}
}

func (r *ownRedis) client() *redis.Client {
	r.t.Helper()
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + r.port})
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// kill ends the server as a power failure does.
func (r *ownRedis) kill() {
	r.t.Helper()
	select {
	case <-r.ended:
		return
	default:
	}
	text, err := os.ReadFile(filepath.Join(r.dir, "pid"))
	check(r.t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	check(r.t, err)
	check(r.t, testenv.Signal(pid, syscall.SIGKILL))
	<-r.ended
}

// ready waits until a node is ready and its answer contains want.
func (r *ownRedis) ready(p *process, want string) {
	r.t.Helper()
	timeout := time.After(testenv.Patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, body := p.get("/readyz")
		if status == 200 && strings.Contains(body, want) {
			return
		}
		select {
		case <-tick.C:
		case <-timeout:
			r.t.Fatalf("got /readyz %d %s, want 200 and %s", status, body, want)
		}
	}
}
