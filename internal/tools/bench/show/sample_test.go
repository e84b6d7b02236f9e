package show_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/bench"
	"ranger/internal/tools/bench/show"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// sample returns a document that uses every part of one.
func sample() *show.Document {
	begun := time.Date(2026, 11, 22, 14, 7, 35, 0, time.UTC)
	d := &show.Document{
		Machine: show.Machine{OS: "linux", Arch: "amd64", Cores: 2, Go: "go1.26.0", Ranger: "v1.0.0"},
		Begun:   begun,
		Notes:   []string{"The server's CPU time and memory were not read: --pid names its process, if it runs on this machine."},
		Help: map[string]string{
			"idle":  "Keep authenticated sockets open: memory per socket.",
			"burst": "Publish thousands of events to a few users: how it affects other users.",
		},
	}
	d.Add(idle(begun))
	d.Add(burst(begun.Add(30 * time.Second)))
	return d
}

func idle(begun time.Time) bench.Report {
	r := bench.Report{
		Scenario: "idle", Server: "ws://127.0.0.1:8080", Begun: begun, Took: 21_400 * time.Millisecond, Users: 10_000, Sockets: 1,
		Figures: []bench.Figure{
			{Name: "sockets", Title: "Sockets", Value: 10_000},
			{Name: "rss_per_socket", Title: "Resident memory per socket", Value: 3612, Unit: "B"},
			{Name: "rss", Title: "Resident memory", Value: 61_234_567, Unit: "B"},
			{Name: "cpu", Title: "CPU time", Value: 0.0123, Unit: "s"},
			{Name: "none", Title: "No number", Value: math.NaN(), Unit: "s"},
		},
	}
	rss := bench.Series{Name: "rss", Title: "Resident memory", Unit: "B"}
	for i := range 40 {
		v := 18e6 + 43e6*math.Min(1, float64(i)/25) + 6e5*math.Sin(float64(i))
		rss.Points = append(rss.Points, bench.Point{Seconds: float64(i) / 2, Value: v})
	}
	r.Series = []bench.Series{rss}
	return r
}

func burst(begun time.Time) bench.Report {
	quantiles := func(us ...float64) (all []bench.Quantile) {
		for i, percent := range []float64{50, 90, 99, 99.9, 99.99, 100} {
			all = append(all, bench.Quantile{Percent: percent, Micros: us[i]})
		}
		return all
	}
	r := bench.Report{
		Scenario: "burst", Server: "<ranger> & co", Begun: begun, Took: 9_870 * time.Millisecond, Users: 1, Sockets: 5,
		Figures: []bench.Figure{
			{Name: "cpu_per_delivery", Title: "CPU time per delivery", Value: 2.41, Unit: "µs"},
			{Name: "deliveries", Title: "Deliveries", Value: 1_234_567, Unit: ""},
			{Name: "rate", Title: "Deliveries a second", Value: 251_234.7, Unit: "1/s"},
			{Name: "ratio", Title: "Slower than quiet by", Value: 1.234, Unit: ""},
			{Name: "long", Title: "close code of the slow socket; 1006: cut; 0: still open, received all events that it could", Value: 1006},
			{Name: "took", Title: "Until all had everything", Value: 3.456, Unit: "s"},
		},
		Latencies: []bench.Latency{
			{Name: "quiet", Title: "the others, quiet", Count: 5990, Quantiles: quantiles(456, 702, 1180, 2210, 3900, 4100)},
			{Name: "burst", Title: "the others, during the burst", Count: 2012, Quantiles: quantiles(512, 911, 1490, 5230, 11_800, 12_040)},
			{Name: "few", Title: "those of the burst, from publish to socket", Count: 250_000, Quantiles: quantiles(148_000, 290_000, 332_000, 339_000, 341_000, 341_950)},
		},
		Faults: bench.Faults{Missing: 2, Broken: 1, First: []string{
			"user BENCH0000017, socket 2: trade 4711 did not arrive",
			"user BENCH0000017, socket 2: <script>alert(1)</script> is no message of the protocol, which has challenge, success and events",
		}},
	}
	rate := bench.Series{Name: "deliveries", Title: "Deliveries", Unit: "1/s"}
	cpu := bench.Series{Name: "cpu", Title: "Cores in use", Unit: ""}
	for i := range 99 {
		at := float64(i) / 10
		rate.Points = append(rate.Points, bench.Point{Seconds: at, Value: 1500 + 240_000*math.Exp(-(at-5)*(at-5))})
		cpu.Points = append(cpu.Points, bench.Point{Seconds: at, Value: 0.05 + 0.9*math.Exp(-(at-5)*(at-5))})
	}
	r.Series = []bench.Series{rate, cpu, {Name: "none", Title: "Nothing", Unit: "s"}}
	return r
}
