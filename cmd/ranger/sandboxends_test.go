package main_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"ranger/internal/testenv"
	"ranger/internal/tools/sandbox"
)

// TestSandbox_BrokerAway interrupts it while there is no broker, or one that accepts
// connections and sends nothing: it ends, and does not log the password.
func TestSandbox_BrokerAway(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	var listen net.ListenConfig
	silent, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	var accepting sync.WaitGroup
	defer accepting.Wait()
	defer silent.Close() //nolint:errcheck // the test is over
	dialled := make(chan struct{}, 100)
	accepting.Go(func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			defer c.Close() //nolint:errcheck // at the end of the test
			dialled <- struct{}{}
		}
	})
	away, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	check(t, away.Close())

	for name, l := range map[string]net.Listener{"silent": silent, "away": away} {
		t.Run(name, func(t *testing.T) {
			s := startSandbox(t, nil, "--rabbitmq-url=amqp://me:"+secret+"@"+l.Addr().String())
			idle := make(chan struct{})
			go func() { // a request in progress at the end
				defer close(idle)
				c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
				if err != nil {
					return
				}
				defer c.Close() //nolint:errcheck // the test is over
				_, _ = c.Write([]byte("POST / HTTP/1.1\r\n"))
				_, _ = c.Read(make([]byte, 1))
			}()
			if name == "silent" {
				<-dialled
			} else {
				s.awaitLine("lost the broker")
			}
			s.interrupt()
			<-idle
			if log := strings.Join(s.log(), "\n"); strings.Contains(log, secret) {
				t.Errorf("got the password in the log:\n%s", log)
			}
		})
	}
}

// TestSandbox_Redis: the error says why the member directory cannot be used. Without
// the port, the directory is not written.
func TestSandbox_Redis(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	w := newWorld(t)
	client, key, env := w.directory()
	t.Cleanup(func() { client.Del(context.Background(), key) }) //nolint:usetesting // the test's own has ended
	redisURL := "--redis-url=" + testenv.Redis(t)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer taken.Close() //nolint:errcheck // the test is over
	_, port, err := net.SplitHostPort(taken.Addr().String())
	check(t, err)
	wantFault := func(want string, args ...string) {
		t.Helper()
		r := command(t, t.TempDir(), env, append([]string{"sandbox"}, args...)...)
		if r.code != 1 || r.out != "" || !strings.Contains(r.err, want) || strings.Contains(r.err, secret) {
			t.Errorf("got exit code %d, output %q and error %s", r.code, r.out, r.err)
		}
	}

	wantFault("listen on --host and --port: ", "--port="+port, redisURL)
	if n, err := client.HLen(t.Context(), key).Result(); n != 0 || err != nil {
		t.Errorf("got %d members, %v; want none", n, err)
	}
	wantFault("(--redis-url, MEMBER_DIRECTORY): ", "--port=0", "--redis-url=redis://:"+secret+"@127.0.0.1:1")
	check(t, client.HSet(t.Context(), key, "1", "IDELSE").Err())
	wantFault("member 1 has another uid", "--port=0", redisURL)

	check(t, client.Del(t.Context(), key).Err())
	startSandbox(t, env, "--quiet", redisURL).interrupt()
	got, err := client.HGetAll(t.Context(), key).Result()
	check(t, err)
	for id, uid := range sandbox.Members() {
		if got[id] != string(uid) {
			t.Errorf("member %s: got %q, want %q", id, got[id], uid)
		}
	}
}
