package bench_test

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/journal"
	"ranger/internal/tools/bench"
)

// Figures and latencies of bystanders.
var (
	others = []string{
		"quiet_p50", "quiet_p99", "during_p50", "during_p99",
		"quiet_receipt_p50", "quiet_receipt_p99", "during_receipt_p50", "during_receipt_p99",
	}
	othersLatencies = []string{"quiet", "during", "quiet_receipt", "during_receipt"}
)

// named holds the figures, latencies and series of each scenario.
var named = map[string]struct{ figures, latencies, series []string }{
	"connect": {[]string{"connect_rate", "cpu_per_connect"}, []string{"connect"}, nil},
	"idle":    {[]string{"bytes_per_socket", "rss_before", "rss_after", "idle_cpu"}, nil, []string{"rss"}},
	"fanout":  {[]string{"cpu_per_delivery", "deliveries_rate", "published_rate", "fed_rate", "messages"}, []string{"delivery"}, []string{"deliveries"}},
	"latency": {[]string{"p50", "p99", "cpu_per_delivery"}, []string{"delivery"}, []string{"deliveries"}},
	"storm":   {append([]string{"seconds_until_back", "cpu"}, others...), othersLatencies, nil},
	"burst":   {append([]string{"burst_rate", "burst_seconds", "cpu"}, others...), append([]string{"burst"}, othersLatencies...), []string{"burst"}},
	"slow":    {append([]string{"rss_growth", "slow_ended", "slow_had"}, others...), othersLatencies, nil},
}

// All figures are reported.
func TestScenarios_FindNoFaultOfCorrectNode(t *testing.T) {
	scenarios := bench.Scenarios()
	if len(scenarios) != len(named) {
		t.Errorf("got %d scenarios, want %d", len(scenarios), len(named))
	}
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, journal.Config{})
				n.publish = func(int) error { // otherwise a burst takes no time
					<-time.After(time.Millisecond)
					return nil
				}
				cfg := n.config()
				cfg.PID = os.Getpid()
				report, err := s.Run(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				if report.Faults.Any() {
					t.Errorf("got faults %+v, want none", report.Faults)
				}
				wantNames(t, &report)
				if fed, ok := report.Figure("fed_rate"); ok {
					published, _ := report.Figure("published_rate")
					if want := 2 * published * float64(max(1, cfg.Sockets)); math.Abs(fed-want) > want/1000 {
						t.Errorf("%v trades per second: got %v deliveries per second, want %v", published, fed, want)
					}
				}
			})
		})
	}
}

func wantNames(t *testing.T, r *bench.Report) {
	t.Helper()
	want := named[r.Scenario]
	for _, name := range want.figures {
		if _, ok := r.Figure(name); !ok {
			t.Errorf("got no figure %s", name)
		}
	}
	latencies, series := map[string]bool{}, map[string]bool{}
	for _, l := range r.Latencies {
		latencies[l.Name] = l.Count > 0 && len(l.Quantiles) == 6
	}
	for _, s := range r.Series {
		series[s.Name] = true
	}
	for _, name := range want.latencies {
		if !latencies[name] {
			t.Errorf("got no latency %s", name)
		}
	}
	for _, name := range want.series {
		if !series[name] {
			t.Errorf("got no series %s", name)
		}
	}
}

// TestScenarios_AnswersPings: sockets stay open longer than a server keeps silent ones.
func TestScenarios_AnswersPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newNode(t, journal.Config{}).config()
		cfg.Duration = 5 * time.Minute
		report, err := scenario(t, "idle").Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if report.Faults.Any() {
			t.Errorf("got faults %+v, want none", report.Faults)
		}
	})
}

// TestScenarios_Interrupted interrupts each scenario at several moments. Everything that
// it started must end, or the bubble does not.
func TestScenarios_Interrupted(t *testing.T) {
	why := errors.New("interrupted")
	for _, s := range bench.Scenarios() {
		for _, after := range []time.Duration{0, 10 * time.Millisecond, 1200 * time.Millisecond, 7 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, journal.Config{})
				n.publish = func(int) error {
					<-time.After(50 * time.Millisecond)
					return nil
				}
				cfg := n.config()
				cfg.Rate, cfg.Duration = 10, time.Minute
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				defer time.AfterFunc(after, func() { cancel(why) }).Stop()
				start := time.Now()
				_, err := s.Run(ctx, cfg)
				if took := time.Since(start); took > after+time.Second {
					t.Errorf("%s: got an end %v after the interrupt", s.Name, took-after)
				}
				if s.Name == "connect" && err == nil {
					return // it had finished
				}
				if !errors.Is(err, why) {
					t.Errorf("%s after %v: got error %v", s.Name, after, err)
				}
			})
		}
	}
}
