package main_test

import (
	"math"
	"net"
	"os"
	"testing"

	compare "ranger/internal/tools/bench/compare"
)

func TestMedian_IsTheMiddleOrTheMeanOfTwo(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		if got := compare.Median(c.values); got != c.want {
			t.Errorf("median of %v: got %v, want %v", c.values, got, c.want)
		}
	}
	if got := compare.Median(nil); !math.IsNaN(got) {
		t.Errorf("median of no values: got %v, want NaN", got)
	}
}

func TestLine_Ratio(t *testing.T) {
	// The medians are 20 and 40; rounds are 0.25, 1 and 0.5.
	median, low, high := compare.NewLine(0, 0, 0, []float64{10, 40, 20}, []float64{40, 40, 40}).Ratio()
	if median != 0.5 || low != 0.25 || high != 1 {
		t.Errorf("got %v, %v-%v, want 0.5, 0.25-1", median, low, high)
	}
	if median, low, high = compare.NewLine(0, 0, 0, []float64{10}, nil).Ratio(); !math.IsNaN(median) || !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("without a baseline: got %v, %v-%v, want NaN", median, low, high)
	}
}

func TestLine_Verdict(t *testing.T) {
	for _, c := range []struct {
		name               string
		ratio, most, least float64
		want               string
		met                bool
	}{
		{"none", 0, 0, 0, "", true},
		{"ratio met", 0.5, 0, 0, "<= 0.50 of baseline", true},
		{"ratio not met", 0.49, 0, 0, "<= 0.49 of baseline", false},
		{"most met", 0, 20, 0, "<= 20 µs", true},
		{"most not met", 0, 19, 0, "<= 19 µs", false},
		{"least met", 0, 0, 20, ">= 20 µs", true},
		{"least not met", 0, 0, 21, ">= 21 µs", false},
		{"only most met", 0.25, 25, 0, "<= 0.25 of baseline, <= 25 µs", false},
		{"only ratio met", 0.75, 2.5, 0, "<= 0.75 of baseline, <= 2.5 µs", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, met := compare.NewLine(c.ratio, c.most, c.least, []float64{20}, []float64{40}).Verdict()
			if got != c.want || met != c.met {
				t.Errorf("got %q, %v, want %q, %v", got, met, c.want, c.met)
			}
		})
	}
	for _, c := range []struct {
		fed  []float64 // ranger delivered 20, 20, 20
		want string
		met  bool
	}{
		{[]float64{20, 40, 21}, ">= 30 µs or all that the broker sends (95 % of it)", true},
		{[]float64{20, 40, 22}, ">= 30 µs or all that the broker sends (91 % of it)", false},
	} {
		got, met := compare.NewLine(0, 0, 30, []float64{20, 20, 20}, nil).Fed(c.fed).Verdict()
		if got != c.want || met != c.met {
			t.Errorf("fed %v: got %q, %v, want %q, %v", c.fed, got, met, c.want, c.met)
		}
	}
	if _, met := compare.NewLine(0.5, 0, 0, []float64{20}, nil).Verdict(); met {
		t.Error("got a ratio met without a baseline")
	}
}

func TestListener_FindsOnlyTheProcessThatListens(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "amqp://guest:guest@" + l.Addr().String()
	if got, err := compare.Listener(url); err != nil || int(got) != os.Getpid() {
		t.Errorf("got process %d, %v, want %d, this process", got, err, os.Getpid())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// Nothing listens on port 1. The port above may have a new owner by now.
	for _, url := range []string{"amqp://guest:guest@127.0.0.1:1", "amqp://guest:guest@example.com:5672", "amqp://localhost", "amqp://%zz"} {
		if got, err := compare.Listener(url); err == nil {
			t.Errorf("%s: got process %d, want an error", url, got)
		}
	}
}

// For latency, the broker does the same work for both; for CPU time, it does the least
// for the baseline.
func TestSourceOf_DependsOnTheRow(t *testing.T) {
	for _, c := range []struct{ row, variant, source, want string }{
		{"latency", "baseline", "queue", "durable"},
		{"latency", "baseline", "stream", "stream"},
		{"latency", "ranger", "queue", "queue"},
		{"wide", "baseline", "queue", "queue"},
		{"narrow", "baseline", "queue", "queue"},
	} {
		if got := compare.SourceOf(c.row, c.variant, c.source); got != c.want {
			t.Errorf("%s, row %s: got source %s, want %s", c.variant, c.row, got, c.want)
		}
	}
}
