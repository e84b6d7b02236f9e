package bench_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
	"ranger/internal/tools/bench"
)

// TestScenarios_OverTCP measures over TCP, with and without TLS.
func TestScenarios_OverTCP(t *testing.T) {
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			n := newNode(t, journal.Config{})
			web := httptest.NewUnstartedServer(n.hub)
			cfg := n.config()
			cfg.Dial = nil
			if scheme == "wss" {
				web.StartTLS()
				roots := x509.NewCertPool()
				roots.AddCert(web.Certificate())
				cfg.TLS = &tls.Config{RootCAs: roots}
			} else {
				web.Start()
			}
			defer web.Close()
			cfg.URL = scheme + "://" + web.Listener.Addr().String() + "/any?of=it"
			cfg.Sockets = 3
			cfg.Patience = testenv.Patience
			report, err := scenario(t, "fanout").Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if report.Faults.Any() {
				t.Errorf("got faults %+v, want none", report.Faults)
			}
			if got, _ := report.Figure("messages"); got != 200*2*3 {
				t.Errorf("got %v deliveries, want %d", got, 200*2*3)
			}
			end := "to reading"
			if scheme == "ws" && runtime.GOOS == "linux" {
				end = "to socket"
			}
			wantReceipt(t, cfg, end)
		})
	}
}

// wantReceipt requires latencies from the server's receipt, up to end.
func wantReceipt(t *testing.T, cfg bench.Config, end string) {
	t.Helper()
	cfg.Rate, cfg.Duration = 1000, time.Second/10
	start := time.Now()
	report, err := scenario(t, "burst").Run(t.Context(), cfg)
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	found := slices.ContainsFunc(report.Latencies, func(l bench.Latency) bool {
		return l.Name == "quiet_receipt" && strings.Contains(l.Title, "from receipt "+end+",")
	})
	if p50, ok := report.Figure("quiet_receipt_p50"); !found || !ok || p50 > float64(took.Microseconds()) {
		t.Errorf("got latencies %+v and a median of %v µs in %v, want one from receipt %s", report.Latencies, p50, took, end)
	}
}

var errNoKey = errors.New("there is no key")

// TestScenarios_CannotMeasure: the error says why a server cannot be measured.
func TestScenarios_CannotMeasure(t *testing.T) {
	n := newNode(t, journal.Config{})
	for _, c := range []struct {
		name  string
		spoil func(*bench.Config)
		want  string
	}{
		{"no such scheme", func(c *bench.Config) { c.URL = "http://node.test/" }, "must begin with ws:// or wss://"},
		{"no URL", func(c *bench.Config) { c.URL = "ws://%zz/" }, "URL"},
		{"no process", func(c *bench.Config) { c.PID = 1<<22 + 1 }, "process"},
		{"one user", func(c *bench.Config) { c.Users = 1 }, "2 to"},
		{"no token", func(c *bench.Config) {
			c.Token = func(event.UID) (string, error) { return "", errNoKey }
		}, errNoKey.Error()},
		{"an invalid token", func(c *bench.Config) {
			c.Token = func(event.UID) (string, error) { return "a b", nil }
		}, "401"},
		{"a reserved path", func(c *bench.Config) { c.URL = "ws://node.test/public" }, "404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := n.config()
			c.spoil(&cfg)
			for _, s := range bench.Scenarios() {
				_, err := s.Run(t.Context(), cfg)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: got error %v, want %q in it", s.Name, err, c.want)
				}
			}
		})
	}
}
