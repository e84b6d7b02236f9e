package bench_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/journal"
	"ranger/internal/tools/bench"
)

// TestLatency_CountsFromDueTime stalls the broker for five of ten seconds: half of the
// trades are late, by up to five seconds, though the publisher waited for only one.
func TestLatency_CountsFromDueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, journal.Config{})
		n.publish = func(i int) error {
			if i == 200 {
				<-time.After(5 * time.Second)
			}
			return nil
		}
		cfg := n.config()
		cfg.Rate, cfg.Duration = 100, 10*time.Second
		cfg.Users = 200 // each has few of the late trades, so that the hub does not throttle it
		report, err := scenario(t, "latency").Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if report.Faults.Any() {
			t.Errorf("got faults %+v, want none", report.Faults)
		}
		l := report.Latencies[0]
		if l.Count != 2*1000 {
			t.Errorf("got %d deliveries, want 2000", l.Count)
		}
		wantQuantile(t, l, 50, 0)
		wantQuantile(t, l, 90, 4*time.Second)
		wantQuantile(t, l, 99, 4900*time.Millisecond)
		wantQuantile(t, l, 100, 5*time.Second)
	})
}

func wantQuantile(t *testing.T, l bench.Latency, percent float64, want time.Duration) {
	t.Helper()
	for _, q := range l.Quantiles {
		if q.Percent != percent {
			continue
		}
		got := time.Duration(q.Micros) * time.Microsecond
		if (got - want).Abs() > 15*time.Millisecond {
			t.Errorf("quantile %v %%: got %v, want %v", percent, got, want)
		}
		return
	}
	t.Errorf("got no quantile %v %%", percent)
}

// TestLatency_Punctual: without a stall nothing is late on the bubble's clock.
func TestLatency_Punctual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newNode(t, journal.Config{}).config()
		cfg.Rate, cfg.Duration = 100, 2*time.Second
		report, err := scenario(t, "latency").Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		wantQuantile(t, report.Latencies[0], 100, 0)
		if report.Took < 2*time.Second {
			t.Errorf("got a run of %v, want 2 s or more", report.Took)
		}
	})
}
