package main_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/testenv"
	"ranger/internal/tools/audit"
)

// auditProcess is `ranger audit`; it publishes until it is interrupted.
type auditProcess struct {
	*process
	out *bytes.Buffer // standard output; complete when the process has ended
}

// startAudit starts `ranger audit` on a world's broker and nodes.
func (w *world) startAudit(env []string, nodes []string, args ...string) *auditProcess {
	w.t.Helper()
	all := []string{"audit", "--users=20", "--sockets=2", "--rate=300", "--duration=1h", "--settle=5m"}
	for _, url := range nodes {
		all = append(all, "--node="+url)
	}
	env = append(append(w.environment(), "JWT_PRIVATE_KEY="+w.privatePEM), env...)
	l := &auditProcess{newProcess(w.t, w.t.TempDir(), env, append(all, args...)...), new(bytes.Buffer)}
	l.cmd.Stdout = l.out
	l.launch()
	return l
}

// interrupt ends publishing, as Ctrl-C does, and returns the result of the run.
func (l *auditProcess) interrupt() result {
	l.t.Helper()
	l.signal(syscall.SIGINT)
	code := l.exit()
	var stderr strings.Builder
	for _, line := range l.log() {
		stderr.WriteString(line + "\n")
	}
	return result{l.out.String(), stderr.String(), code}
}

// report returns the report of a run with --json.
func (r result) report(t testing.TB) (report audit.Report) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != 0 {
		t.Fatalf("got exit code %d, %v, and output %s%s", r.code, err, r.out, r.err)
	}
	return report
}

// TestAudit_Passes: an audit of correct nodes passes while connections are cut.
func TestAudit_Passes(t *testing.T) {
	t.Parallel()
	const clients, cuts, events = 40, 10, 600
	w := newWorld(t)
	p := newPusher(t, w, nil)
	l := w.startAudit(nil, p.urls(), "--cut=20ms", "--json")
	p.await(events, clients+cuts)
	r := l.interrupt()
	report := r.report(t)
	if r.err != "" {
		t.Errorf("got log %s, want none", r.err)
	}
	if !report.Passed() || report.Confirmed < events || report.Confirmed != report.Published || report.Deliveries < 2*events {
		t.Errorf("got %s", r.out)
	}
	if report.Reconnects < cuts || report.Resumed != report.Reconnects || report.P99 <= 0 || report.P99 < report.P50 {
		t.Errorf("got %s", r.out)
	}
}

// TestAudit_FindsLoss: a node that loses events gives exit code 1 and findings.
func TestAudit_FindsLoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPusher(t, w, func(n int) bool { return n%100 == 50 })
	l := w.startAudit(nil, p.urls(), "--settle=1s", "--progress")
	p.await(300, 0)
	r := l.interrupt()
	if r.code != 1 || !strings.Contains(r.err, "ranger: the audit failed: ") || !strings.Contains(r.err, "publishing\n") {
		t.Errorf("got exit code %d: %s", r.code, r.err)
	}
	for _, part := range []string{"\nlost ", "\nunannounced ", "\nbroken ", "\nlost: client AUDIT", "it never arrived"} {
		if !strings.Contains(r.out, part) {
			t.Errorf("got report\n%s\nwant %q in it", r.out, part)
		}
	}
}

// TestAudit_RetriesReturnedEvents deletes an exchange during a run. Events that the
// broker returns, or that were in flight, are sent again until a queue takes them.
func TestAudit_RetriesReturnedEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	proxy := testenv.NewProxy(t, w.url)
	returned := proxy.Watch("NO_ROUTE") // the text of basic.return
	var once sync.Once
	deleted := make(chan struct{})
	p := newPusher(t, w, func(n int) bool {
		if n > 100 {
			once.Do(func() {
				if err := w.channel.ExchangeDelete(w.orders, false, false); err != nil {
					t.Error(err)
				}
				close(deleted)
			})
		}
		return false
	})
	l := w.startAudit([]string{"RABBITMQ_URL=" + proxy.URL}, p.urls(), "--json")
	for _, happened := range []<-chan struct{}{deleted, returned} {
		select {
		case <-happened:
		case <-time.After(testenv.Patience):
			t.Fatal("no message was returned")
		}
	}
	p.bind()
	p.await(300, 0)
	r := l.interrupt()
	report := r.report(t)
	if !report.Passed() || report.Confirmed != report.Published {
		t.Errorf("got %s%s", r.out, r.err)
	}
	if report.Retried == 0 || report.Connections < 2 || !strings.Contains(report.LastError, "no queue is bound") {
		t.Errorf("got %s", r.out)
	}
}

// TestAudit_Interrupted: --progress prints progress, and Ctrl-C ends publishing.
func TestAudit_Interrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPusher(t, w, nil)
	l := w.startAudit(nil, p.urls(), "--progress")
	l.awaitLine("deliveries")
	if r := l.interrupt(); r.code != 0 {
		t.Errorf("got exit code %d: %s", r.code, r.err)
	}
}

// TestAudit_Usage: invalid flags give exit code 2 and an error that names the flag.
func TestAudit_Usage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no node", nil, "--node"},
		{"no key", []string{"--node=ws://localhost/"}, "JWT_PRIVATE_KEY: is unset"},
		{"wrong scheme", []string{"--node=http://localhost/"}, "--node: "},
		{"no users", []string{"--node=ws://localhost/", "--users=0"}, "--users: "},
		{"no duration", []string{"--node=ws://localhost/", "--duration=0s"}, "--duration: "},
		{"negative interval", []string{"--node=ws://localhost/", "--cut=-1s"}, "--cut: "},
		{"no heartbeat interval", []string{"--node=ws://localhost/", "--heartbeat-interval=0s"}, "HEARTBEAT_INTERVAL: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := command(t, t.TempDir(), nil, append([]string{"audit"}, c.args...)...)
			if r.code != 2 || !strings.Contains(r.err, c.want) {
				t.Errorf("got %d %s, want %q", r.code, r.err, c.want)
			}
		})
	}
}
