package main_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth_PrintsAnswerOfReadyz(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, host string // the host of OPS_ADDR
		status     int
		body       string
		code       int
		out, err   string
	}{
		{"ready", "127.0.0.1", 200, `{"ready":true,"source":"following","node":"a"}`, 0, "ready\n", ""},
		{"ready, listening on all addresses", "0.0.0.0", 200, `{"ready":true}`, 0, "ready\n", ""},
		{"ready, no host", "", 200, `{"ready":true}`, 0, "ready\n", ""},
		{"not ready", "127.0.0.1", 503, `{"ready":false,"reason":"the source is connecting"}`, 1, "", "ranger: not ready: the source is connecting\n"},
		{"another server", "127.0.0.1", 404, "404 page not found", 1, "", "404 Not Found"},
		{"not JSON", "127.0.0.1", 200, "hello", 1, "", "invalid answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/readyz" {
					t.Errorf("got a request for %s, want /readyz", r.URL.Path)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
			r := health(t, c.host+":"+port)
			if r.code != c.code || r.out != c.out || !strings.Contains(r.err, c.err) {
				t.Errorf("got exit code %d, output %q and error %q; want %d, %q and %q", r.code, r.out, r.err, c.code, c.out, c.err)
			}
		})
	}
}

// A configuration without a port is reported as invalid.
func TestHealth_ReportsClosedPortInOneLine(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	for addr, want := range map[string]int{server.Listener.Addr().String(): 1, "off": 2, "nowhere": 2} {
		if r := health(t, addr); r.code != want || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("OPS_ADDR=%s: got exit code %d, output %q and error %q; want %d and one line", addr, r.code, r.out, r.err, want)
		}
	}
}

// health runs `ranger health` and waits long for the answer.
func health(t *testing.T, opsAddr string) result {
	t.Helper()
	return command(t, t.TempDir(), []string{"OPS_ADDR=" + opsAddr, "HTTP_PROXY=http://127.0.0.1:1"}, "health", "--timeout=5m")
}

// One node cannot reach its broker, the other one is ready.
func TestHealth_FailsIfNodeIsNotReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		node *process
		code int
		want string
	}{
		{w.start("RABBITMQ_URL=amqp://127.0.0.1:1"), 1, "ranger: not ready: the source is connecting"},
		{w.serve(), 0, "ready\n"},
	} {
		r := health(t, strings.TrimPrefix(c.node.ops, "http://"))
		if got := r.out + r.err; r.code != c.code || !strings.HasPrefix(got, c.want) {
			t.Errorf("got exit code %d and %q, want %d and %q", r.code, got, c.code, c.want)
		}
	}
}
