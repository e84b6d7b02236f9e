package main_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/ledger"
)

// runLedger runs the program's ledger against a world's broker and a node.
func (w *world) runLedger(node *httptest.Server, args ...string) result {
	w.t.Helper()
	return command(w.t, w.t.TempDir(), w.ledgerEnvironment(), w.ledgerArguments(node, args...)...)
}

func (w *world) ledgerEnvironment() []string {
	return append(w.environment(), "JWT_PRIVATE_KEY="+w.privatePEM)
}

func (*world) ledgerArguments(node *httptest.Server, args ...string) []string {
	url := "ws" + strings.TrimPrefix(node.URL, "http")
	return append([]string{"ledger", "--node=" + url, "--users=20", "--sockets=2", "--rate=300", "--duration=2s", "--settle=20s"}, args...)
}

// TestLedgerBalances runs it where nothing is wrong, with connections cut all
// the time.
func TestLedgerBalances(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPusher(t, w, nil)
	r := w.runLedger(p.server, "--cut=20ms", "--json")
	var report ledger.Report
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != 0 || r.err != "" {
		t.Fatalf("it ended with %d, %v, and printed %s%s", r.code, err, r.out, r.err)
	}
	if !report.Good() || report.Confirmed < 590 || report.Confirmed != report.Published || report.Deliveries < 1200 {
		t.Errorf("got %s", r.out)
	}
	if report.Reconnects < 10 || report.Resumed != report.Reconnects || report.P99 <= 0 || report.P99 < report.P50 {
		t.Errorf("got %s", r.out)
	}
}

// TestLedgerFindsLoss runs it against a node that loses events: exit code 1, and
// what helps to debug.
func TestLedgerFindsLoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPusher(t, w, func(n int) bool { return n%100 == 50 })
	r := w.runLedger(p.server, "--settle=1s", "--progress")
	if r.code != 1 || !strings.Contains(r.err, "ranger: the ledger does not balance: ") || !strings.Contains(r.err, "publishing\n") {
		t.Errorf("it ended with %d: %s", r.code, r.err)
	}
	for _, part := range []string{"\nlost ", "\nunannounced ", "\nbroken ", "\nlost: client LEDGER", "it never came"} {
		if !strings.Contains(r.out, part) {
			t.Errorf("%q is not in:\n%s", part, r.out)
		}
	}
}

// TestLedgerAtBrokersFaults deletes an exchange in the middle of a run. What the
// broker returns, and what was on its way, is sent again until somebody gets it.
func TestLedgerAtBrokersFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
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
	p.ended.Go(func() {
		select {
		case <-deleted:
			<-time.After(500 * time.Millisecond) // for messages that nobody gets
			p.bind()
		case <-t.Context().Done():
		}
	})
	r := w.runLedger(p.server, "--json")
	var report ledger.Report
	check(t, json.Unmarshal([]byte(r.out), &report))
	if r.code != 0 || !report.Good() || report.Confirmed != report.Published {
		t.Errorf("it ended with %d and printed %s%s", r.code, r.out, r.err)
	}
	if report.Retried == 0 || report.Connections < 2 || !strings.Contains(report.Trouble, "no queue is bound") {
		t.Errorf("got %s", r.out)
	}
}

// TestLedgerInterrupted: Ctrl-C ends the publishing, and the run is judged.
func TestLedgerInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPusher(t, w, nil)
	l := launchIn(t, t.TempDir(), w.ledgerEnvironment(), w.ledgerArguments(p.server, "--duration=1h", "--progress")...)
	l.awaitLine("deliveries")
	l.signal(syscall.SIGINT)
	if code := l.exit(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}

func TestLedgerUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no node", nil, "--node"},
		{"no key", []string{"--node=ws://localhost/"}, "JWT_PRIVATE_KEY: is unset"},
		{"another scheme", []string{"--node=http://localhost/"}, "--node: "},
		{"nobody", []string{"--node=ws://localhost/", "--users=0"}, "--users: "},
		{"never", []string{"--node=ws://localhost/", "--duration=0s"}, "--duration: "},
		{"before", []string{"--node=ws://localhost/", "--cut=-1s"}, "--cut: "},
		{"heartbeats all the time", []string{"--node=ws://localhost/", "--heartbeat-interval=0s"}, "HEARTBEAT_INTERVAL: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := command(t, t.TempDir(), nil, append([]string{"ledger"}, c.args...)...)
			if r.code != 2 || !strings.Contains(r.err, c.want) {
				t.Errorf("got %d %s, want %q", r.code, r.err, c.want)
			}
		})
	}
}
