package main_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/testenv"
	"ranger/internal/tools/bench"
)

// benchDocument is the output of --json.
type benchDocument struct {
	Machine struct {
		OS, Arch, Go, Ranger string
		Cores                int
	}
	Notes   []string
	Reports []bench.Report
}

// TestBench_StartsServers measures servers that it starts: they have no faults, their
// costs are reported, and no files are left.
func TestBench_StartsServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	testenv.Heavy(t)
	dir := t.TempDir()
	page := filepath.Join(dir, "report.html")
	check(t, os.Mkdir(filepath.Join(dir, "tmp"), 0o700))
	env := []string{"RABBITMQ_URL=" + w.url, "TMPDIR=" + filepath.Join(dir, "tmp"), "JWT_PUBLIC_KEY_FILE=/no/such/file", "WEBSOCKET_PORT=nonsense"}
	r := command(t, dir, env, "bench", "connect", "fanout", "--users=20", "--sockets=2", "--events=500", "--alg=EdDSA", "--json", "--html="+page)
	var doc benchDocument
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil || r.code != 0 || r.err != "" {
		t.Fatalf("got exit code %d, %v, and output %s%s", r.code, err, r.out, r.err)
	}
	if m := doc.Machine; m.Cores < 1 || m.OS == "" || m.Arch == "" || m.Go == "" || m.Ranger != "dev" || len(doc.Notes) != 0 {
		t.Errorf("got machine %+v, notes %q", m, doc.Notes)
	}
	if len(doc.Reports) != 2 || doc.Reports[0].Scenario != "connect" || doc.Reports[1].Scenario != "fanout" {
		t.Fatalf("got reports of %+v", doc.Reports)
	}
	for i, figure := range []string{"cpu_per_connect", "cpu_per_delivery"} {
		report := doc.Reports[i]
		if cost, ok := report.Figure(figure); !ok || cost <= 0 || report.Faults.Any() || report.Users != 20 || report.Sockets != 2 {
			t.Errorf("got %+v, want a figure %s and no faults", report, figure)
		}
		if len(report.Latencies) == 0 || report.Latencies[0].Count < 40 {
			t.Errorf("%s: got latencies %+v", report.Scenario, report.Latencies)
		}
	}
	if n, _ := doc.Reports[1].Figure("messages"); n != 500*2*2 {
		t.Errorf("got %v deliveries, want %d: two sockets of two users for each of 500 trades", n, 500*2*2)
	}
	wantPage(t, page, doc.charts())
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("got files %v left, %v", left, err)
	}
}

// TestBench_RunningServer measures a running node: without --pid a note says what is
// missing, with it the server's costs are reported.
func TestBench_RunningServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	testenv.Heavy(t)
	p := w.serve()
	r := command(t, t.TempDir(), append(w.environment(), "JWT_PRIVATE_KEY="+w.privatePEM),
		"bench", "fanout", "--url="+p.ws, "--users=10", "--events=100", "--progress")
	if r.code != 0 || !strings.Contains(r.out, "at "+p.ws+"\n") || !strings.Contains(r.out, "no faults") || !strings.Contains(r.out, "--pid names its process") {
		t.Errorf("got exit code %d and output %s%s", r.code, r.out, r.err)
	}
	if strings.Contains(r.out, "server CPU") || !strings.Contains(r.err, "fanout: ") {
		t.Errorf("got output %s%s", r.out, r.err)
	}
	r = command(t, t.TempDir(), append(w.environment(), "JWT_PRIVATE_KEY="+w.privatePEM),
		"bench", "fanout", "--url="+p.ws, "--pid="+strconv.Itoa(p.cmd.Process.Pid), "--users=10", "--events=100")
	if r.code != 0 || !strings.Contains(r.out, "server CPU") || strings.Contains(r.out, "note:") {
		t.Errorf("with --pid: got exit code %d and output %s%s", r.code, r.out, r.err)
	}
}

// TestBench_FindsFaults: a server that loses an event gives exit code 1.
func TestBench_FindsFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // not Heavy: it mostly waits for an event that does not arrive
	lossy := losing(t, w.serve())
	r := command(t, t.TempDir(), append(w.environment(), "JWT_PRIVATE_KEY="+w.privatePEM),
		"bench", "fanout", "--url=ws"+strings.TrimPrefix(lossy.URL, "http"), "--users=10", "--events=200")
	if r.code != 1 || !strings.Contains(r.err, "ranger: the server had faults: ") || !strings.Contains(r.out, "FAULTS: 1 missing") {
		t.Errorf("got exit code %d and output %s%s", r.code, r.out, r.err)
	}
}

// TestBench_Interrupted: Ctrl-C also ends the server and deletes its stream and exchanges.
func TestBench_Interrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	testenv.Heavy(t)
	page := filepath.Join(t.TempDir(), "report.html")
	p := launchIn(t, t.TempDir(), []string{"RABBITMQ_URL=" + w.url}, "bench", "latency", "--users=10", "--duration=1h", "--expires-in=2h", "--progress", "--html="+page)
	p.awaitLine("latency: delivering")
	pid, stream := startedServer(t, p)
	if code := w.queueCode(stream); code != 0 {
		t.Fatalf("stream of the running server: got code %d, want 0", code)
	}
	p.signal(syscall.SIGINT)
	if code := p.exit(); code != 1 {
		t.Errorf("got exit code %d, want 1", code)
	}
	p.awaitLine("ranger: latency: interrupted")
	if err := testenv.Signal(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("server process: got %v, want that it has ended", err)
	}
	if code := w.queueCode(stream); code != amqp091.NotFound {
		t.Errorf("stream: got code %d, want 404", code)
	}
	for _, x := range []string{stream + ".orderbook", stream + ".trade", stream + ".alive." + stream + ".trade"} {
		if code := w.code(func(ch *amqp091.Channel) error {
			return ch.ExchangeDeclarePassive(x, "fanout", false, false, false, false, nil)
		}); code != amqp091.NotFound {
			t.Errorf("exchange %s: got code %d, want 404", x, code)
		}
	}
	if _, err := os.Stat(page); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("page without reports: got %v, want that it is removed", err)
	}
}

// TestBench_ServerDies: the error has the last lines of the server's log.
func TestBench_ServerDies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	testenv.Heavy(t)
	p := launchIn(t, t.TempDir(), []string{"RABBITMQ_URL=" + w.url}, "bench", "latency", "--users=10", "--duration=1h", "--expires-in=2h", "--progress")
	p.awaitLine("latency: delivering")
	pid, stream := startedServer(t, p)
	check(t, testenv.Signal(pid, syscall.SIGKILL))
	if code := p.exit(); code != 1 {
		t.Errorf("got exit code %d, want 1", code)
	}
	p.awaitLine("ranger: latency: the server has ended: signal: killed")
	if code := w.queueCode(stream); code != amqp091.NotFound {
		t.Errorf("stream: got code %d, want 404", code)
	}
}

// TestBench_Usage: invalid flags give exit code 2 and an error that names each.
func TestBench_Usage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		env  []string
		args []string
		want []string
	}{
		{"no scenario", nil, nil, []string{"<scenario>"}},
		{"everything invalid", nil, []string{"dance", "all", "--users=0", "--sockets=many", "--events=-1", "--rate=x", "--duration=soon", "--connecting=0", "--pid=5", "--key-file=key", "--rabbitmq-port=0"}, []string{
			`scenario: "dance": must be one of all, connect, idle, fanout, latency, storm, burst, slow`,
			"--users: ", "--sockets: ", "--events: ", "--rate: ", "--duration: ", "--connecting: ", "--pid: ", "--key-file: ", "RABBITMQ_PORT: ",
		}},
		{"tokens shorter than the run", nil, []string{"latency", "--duration=10m"}, []string{"--expires-in: "}},
		{"wrong scheme", []string{"JWT_PRIVATE_KEY=x"}, []string{"idle", "--url=http://localhost/"}, []string{"--url: "}},
		{"no key", nil, []string{"idle", "--url=ws://localhost/"}, []string{"JWT_PRIVATE_KEY: is unset"}},
		{"unknown algorithm", nil, []string{"idle", "--alg=none"}, []string{"--alg: "}},
		{"page that cannot be written", nil, []string{"idle", "--html=/no/such/dir/page.html"}, []string{"--html: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := command(t, t.TempDir(), c.env, append([]string{"bench"}, c.args...)...)
			for _, want := range c.want {
				if r.code != 2 || !strings.Contains(r.err, want) {
					t.Errorf("got %d %s, want %q", r.code, r.err, want)
				}
			}
		})
	}
}
