package main_test

import (
	"flag"
	"testing"
	"time"

	"ranger/internal/testenv"
	"ranger/internal/tools/audit"
)

// soak selects long runs with a high load: `make soak`.
var soak = flag.Bool("soak", false, "long runs at full load")

// load is the load of a run. The distance of faults is a number of events, not a time, so
// that it does not depend on the speed of the machine.
type load struct {
	users, rate int
	every       int           // events between faults
	faults      int           // of TestChaos
	heartbeat   time.Duration // an audit reports a fault after three of them and 10 s without one
}

// newLoad returns the load of a test. If it is low, the test runs in parallel with others.
func newLoad(t *testing.T) load {
	t.Helper()
	if *soak {
		testenv.RabbitMQ(t)
		return load{users: 500, rate: 1000, every: 5000, faults: 12, heartbeat: heartbeat}
	}
	t.Parallel()
	testenv.RabbitMQ(t)
	testenv.Heavy(t)
	return load{users: 60, rate: 200, every: 200, faults: 10, heartbeat: testenv.Patience}
}

func (l load) config() audit.Config {
	return audit.Config{Users: l.users, Rate: l.rate, Duration: time.Hour, Settle: testenv.Patience, Heartbeat: l.heartbeat}
}

// wantNothingWrong fails the test unless the audit found no fault and no loss, as it must
// if the broker keeps all confirmed messages.
func wantNothingWrong(t testing.TB, r audit.Report) {
	t.Helper()
	if !r.Passed() {
		t.Errorf("lost %d, unannounced %d, duplicated %d, reordered %d, misdelivered %d, broken %d of %d confirmed; want 0 each",
			r.Lost, r.Unannounced, r.Duplicated, r.Reordered, r.Misdelivered, r.Broken, r.Confirmed)
	}
}

// TestChaos audits three nodes. One after another is killed, terminated, suspended or
// disconnected from the broker, while connections of clients break too. It names I1, I2 and
// I3.
func TestChaos(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, testenv.RabbitMQ(t), 3)
	clients := newConnections()
	cfg := l.config()
	cfg.Dial = clients.dial
	a := c.audit(cfg)
	c.chaos(l, clients)
	r := a.end()
	wantNothingWrong(t, r)
	if r.NotResumed > 0 {
		t.Errorf("got %d refused resumes, want 0", r.NotResumed)
	}
}

// TestRollingRestart restarts one node after the other. It names I2.
func TestRollingRestart(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, testenv.RabbitMQ(t), 3)
	a := c.audit(l.config())
	for _, n := range c.nodes {
		c.pass(l.every)
		c.terminate(n)
	}
	c.pass(l.every)
	r := a.end()
	wantNothingWrong(t, r)
	if r.Closes[1012] == 0 {
		t.Error("got no close with 1012, want some")
	}
}

// wantAnnounced fails the test unless the audit found no fault and every loss was
// announced, as it must if the bindings of the stream break.
func wantAnnounced(t testing.TB, r audit.Report) {
	t.Helper()
	if r.Unannounced+r.Duplicated+r.Reordered+r.Misdelivered+r.Broken > 0 || r.Confirmed == 0 || r.Gaps < r.Clients {
		t.Errorf("unannounced %d, duplicated %d, reordered %d, misdelivered %d, broken %d of %d confirmed, %d gaps announced to %d clients; want 0 each, and gaps announced to all",
			r.Unannounced, r.Duplicated, r.Reordered, r.Misdelivered, r.Broken, r.Confirmed, r.Gaps, r.Clients)
	}
}
