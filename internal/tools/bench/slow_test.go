package bench_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/journal"
)

// TestSlow_CloseCode: the report says how the slow socket ended.
func TestSlow_CloseCode(t *testing.T) {
	for _, c := range []struct {
		name     string
		window   int
		duration time.Duration
		want     float64
	}{
		{"it stays open", 1000, 5 * time.Second, 0},
		{"the window passes it", 10, 5 * time.Second, 4100},
		{"it takes no bytes", 1000, 15 * time.Second, 1006},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := newNode(t, journal.Config{Size: c.window}).config()
				cfg.Duration = c.duration
				report, err := scenario(t, "slow").Run(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := report.Figure("slow_ended"); got != c.want {
					t.Errorf("got close code %v, want %v", got, c.want)
				}
				if report.Took > c.duration+15*time.Second {
					t.Errorf("it took %v: it waited for events that could not arrive", report.Took)
				}
				if report.Faults.Any() {
					t.Errorf("got faults %+v, want none", report.Faults)
				}
			})
		})
	}
}
