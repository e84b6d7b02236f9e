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

// summary is what -json writes, as far as it is looked at.
type summary struct {
	Figures []struct {
		Name, Source string
		Ours, Bare   []float64
		Fed          []float64
		Ratio        float64
	}
}

// TestSmoke: every row is measured of every server it is for, and told.
func TestSmoke(t *testing.T) {
	broker, servers := testenv.RabbitMQ(t), buildServers(t)
	both := []string{"stream", "queue"}
	for _, c := range []struct {
		rows  string
		pairs map[string][]string // figures of both servers: of which sources
		alone []string            // figures of ranger alone
		waits bool                // until a server's memory stays the same, far longer than it does anything
	}{
		{rows: "idle,idle-tls", waits: true, pairs: map[string][]string{"idle_memory": both[:1]}, alone: []string{"idle_tls_memory"}},
		{rows: "growth", waits: true, alone: []string{
			"growth_memory_1000", "growth_cpu_1000", "growth_memory_5000", "growth_cpu_5000", "growth_memory_15000", "growth_cpu_15000",
		}},
		{rows: "wide,latency", pairs: map[string][]string{"wide_cpu": both, "latency_p50": both, "latency_p99": both}},
		{rows: "narrow,connect", pairs: map[string][]string{"narrow_cpu": both, "narrow_rate": both, "connect_cpu": both[:1]}},
		{rows: "read,nodes", alone: []string{"read_time", "read_rate", "read_cpu", "nodes_1", "nodes_2", "nodes_3", "nodes_further"}},
	} {
		t.Run(c.rows, func(t *testing.T) {
			t.Parallel()
			if !c.waits {
				testenv.Heavy(t)
			}
			sum, table := smoke(t, c.rows, broker, servers)
			pairs, alone := make(map[string][]string), []string(nil)
			for _, f := range sum.Figures {
				switch {
				case len(f.Ours) != 1 || len(f.Bare) > 1:
					t.Errorf("%+v: want one value of each server", f)
				case len(f.Bare) == 0:
					alone = append(alone, f.Name)
				default:
					pairs[f.Name] = append(pairs[f.Name], f.Source)
					if (len(f.Fed) > 0) != (f.Name == "narrow_rate") {
						t.Errorf("%+v: only of the rate it is told what the broker fed", f)
					}
					// Of so few sockets the memory may be none: then there is no ratio.
					if got, want := f.Ratio, f.Ours[0]/f.Bare[0]; f.Bare[0] != 0 && got != want {
						t.Errorf("%+v: the ratio is not %v", f, want)
					}
				}
			}
			if diff := cmp.Diff(c.pairs, pairs, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("figures of both servers, -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(c.alone, alone); diff != "" {
				t.Errorf("figures of ranger alone, -want +got:\n%s", diff)
			}
			if got, want := strings.Count(table, "\n"), 1+len(sum.Figures); got != want {
				t.Errorf("the table has %d lines, want %d:\n%s", got, want, table)
			}
		})
	}
}

// buildServers returns the directory of both binaries. They are built as the test
// itself is, with the race detector or without: what they need is in the build cache
// then, and is not compiled a second time.
func buildServers(t *testing.T) string {
	dir := t.TempDir()
	if err := compare.Build(t.Context(), dir, nil, "-ldflags=-s -w", fmt.Sprintf("-race=%t", testenv.Race)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// smoke measures these rows in a small way.
func smoke(t *testing.T, rows, broker, servers string) (sum summary, table string) {
	file := filepath.Join(t.TempDir(), "figures.json")
	var out, told bytes.Buffer
	args := []string{"-rounds", "1", "-scale", "0.002", "-rows", rows, "-json", file}
	env := []string{"GORACE=atexit_sleep_ms=0"} // else each server takes a second to end
	if err := compare.Measure(t.Context(), args, broker, servers, env, &out, &told); err != nil {
		t.Fatalf("%v\n%s", err, told.String())
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

// TestUsage: what cannot be measured is said before anything is built.
func TestUsage(t *testing.T) {
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
