package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ranger/internal/testenv"
	compare "ranger/internal/tools/bench/compare"
)

// summary is the part of the -json file that tests read.
type summary struct {
	Figures []figure
}

// figure is a figure in the -json file. Maps are by variant.
type figure struct {
	Name, Source string
	Values, Fed  map[string][]float64
	Ratios       map[string]struct{ Median float64 }
}

func TestSmoke_EveryRowIsMeasuredOnEveryVariant(t *testing.T) {
	broker, built := testenv.RabbitMQ(t), buildServers(t)
	both := []string{"stream", "queue"}
	for _, c := range []struct {
		rows   string
		flags  []string
		pairs  map[string][]string // figures with a baseline, and their sources
		single []string            // figures of ranger only
		waits  bool                // mostly waits for a server's memory to be stable
	}{
		{rows: "idle,idle-tls", waits: true, pairs: map[string][]string{"idle_memory": both[:1]}, single: []string{"idle_tls_memory"}},
		{rows: "growth", waits: true, single: []string{
			"growth_memory_1000", "growth_cpu_1000", "growth_memory_5000", "growth_cpu_5000", "growth_memory_15000", "growth_cpu_15000",
		}},
		{rows: "wide,latency", pairs: map[string][]string{"wide_cpu": both, "latency_p50": both, "latency_p99": both}},
		{rows: "narrow,connect", pairs: map[string][]string{"narrow_cpu": both, "narrow_rate": both, "connect_cpu": both[:1]}},
		{rows: "read,nodes", single: []string{"read_time", "read_rate", "read_cpu", "nodes_1", "nodes_2", "nodes_3", "nodes_further"}},
	} {
		t.Run(c.rows, func(t *testing.T) {
			t.Parallel()
			if !c.waits {
				testenv.Heavy(t)
			}
			sum, table := smoke(t, broker, built, "-rows", c.rows, "-io", "fast")
			pairs, single := make(map[string][]string), []string(nil)
			for _, f := range sum.Figures {
				if wantOneValue(t, f, "ranger"); len(f.Values) == 1 {
					single = append(single, f.Name)
					continue
				}
				wantOneValue(t, f, "baseline")
				pairs[f.Name] = append(pairs[f.Name], f.Source)
				if (len(f.Fed["ranger"]) > 0) != (f.Name == "narrow_rate") {
					t.Errorf("%+v: got a rate of the broker, want one only of narrow_rate", f)
				}
				// The memory of so few sockets may be 0: then there is no ratio.
				ranger, baseline := f.Values["ranger"][0], f.Values["baseline"][0]
				if got, want := f.Ratios["ranger"].Median, ranger/baseline; baseline != 0 && got != want {
					t.Errorf("%+v: got ratio %v, want %v", f, got, want)
				}
			}
			if diff := cmp.Diff(c.pairs, pairs, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("figures with a baseline, -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(c.single, single); diff != "" {
				t.Errorf("figures of ranger only, -want +got:\n%s", diff)
			}
			if got, want := strings.Count(table, "\n"), 1+len(sum.Figures); got != want {
				t.Errorf("got %d lines, want %d:\n%s", got, want, table)
			}
		})
	}
}

func wantOneValue(t *testing.T, f figure, variant string) {
	t.Helper()
	if len(f.Values[variant]) != 1 {
		t.Errorf("%s, %s: got values %v, want one of %s", f.Name, f.Source, f.Values, variant)
	}
}

// TestSmoke_OldAndNew: an old and a new program are measured in turn, the new one in
// both values of IO_MODE.
func TestSmoke_OldAndNew(t *testing.T) {
	broker, built := testenv.RabbitMQ(t), buildServers(t)
	t.Parallel()
	testenv.Heavy(t)
	program := filepath.Join(built, "ranger")
	sum, table := smoke(t, broker, built, "-rows", "connect", "-server", program, "-server", program)
	if len(sum.Figures) != 1 {
		t.Fatalf("got %d figures, want 1", len(sum.Figures))
	}
	for _, variant := range []string{"old", "ranger", "portable", "baseline"} {
		wantOneValue(t, sum.Figures[0], variant)
	}
	for _, column := range []string{"old/baseline", "ranger/baseline", "portable/baseline", "ranger/old"} {
		if !strings.Contains(table, " "+column+" ") {
			t.Errorf("got table\n%s\nwant a column %s", table, column)
		}
	}
}

// buildServers returns a directory with both programs. They are built as the test is,
// with the race detector or without, so that the build cache has their packages.
func buildServers(t *testing.T) string {
	dir := t.TempDir()
	err := compare.Build(t.Context(), dir, nil, "-ldflags=-s -w", fmt.Sprintf("-race=%t", testenv.Race),
		"ranger/cmd/ranger", "ranger/internal/tools/bench/baseline")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// smoke makes a small measurement.
func smoke(t *testing.T, broker, built string, args ...string) (sum summary, table string) {
	file := filepath.Join(t.TempDir(), "figures.json")
	var out, log bytes.Buffer
	args = append([]string{"-rounds", "1", "-scale", "0.002", "-json", file}, args...)
	env := []string{"GORACE=atexit_sleep_ms=0"} // without this each server takes a second to end
	if err := compare.Measure(t.Context(), args, broker, built, env, &out, &log); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &sum); err != nil {
		t.Fatal(err)
	}
	return sum, out.String()
}

func TestRun_ReportsMisuseBeforeItBuilds(t *testing.T) {
	for name, args := range map[string][]string{
		"no rounds":   {"-rounds", "0"},
		"no scale":    {"-scale", "0"},
		"no row":      {"-rows", "idle,none"},
		"no flag":     {"-none"},
		"no argument": {"idle"},
	} {
		if err := compare.Run(t.Context(), args, "amqp://localhost:1", &bytes.Buffer{}, &bytes.Buffer{}); err == nil || strings.Contains(err.Error(), "localhost:1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := compare.Run(t.Context(), nil, "", &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "RABBITMQ_URL") {
		t.Errorf("no broker: %v", err)
	}
}
