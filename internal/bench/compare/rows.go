package main

import (
	"time"

	"ranger/internal/bench"
)

// Names of the rows that are not a scenario of the load test alone.
const (
	rowRead  = "read"
	rowNodes = "nodes"
)

// row is a load, and what is told of it.
type row struct {
	name     string // as it is given to -rows
	scenario string
	// sources are where servers read events from meanwhile.
	sources []string
	load    bench.Config
	figures []figure
}

// figure is a line of the table.
type figure struct {
	name   string // fixed, for programs
	title  string
	unit   string
	of     func(*bench.Report) (float64, bool)
	target target
}

// target is what ranger must reach. Zero values are no target.
type target struct {
	ratio float64 // ours / bare, at most
	most  float64 // ours, at most
	least float64 // ours, at least
}

func rowNames() []string {
	var names []string
	for _, r := range rows(1) {
		names = append(names, r.name)
	}
	return append(names, rowRead, rowNodes)
}

// rows are those that are measured of both servers, with as much of the load as
// scale says.
func rows(scale float64) []row {
	both := []string{"stream", "queue"}
	of := func(n int) int { return max(2, int(float64(n)*scale)) }
	return []row{
		{
			name: "idle", scenario: "idle", sources: both[:1],
			load: bench.Config{Users: of(10_000), Sockets: 1, Duration: time.Second},
			figures: []figure{{
				name: "idle_memory", title: "memory for each idle socket", unit: "B",
				of: named("bytes_per_socket"), target: target{most: 3_600},
			}},
		},
		{
			name: "wide", scenario: "fanout", sources: both, load: bench.Config{Users: of(10_000), Sockets: 1, Events: of(20_000)},
			figures: []figure{{
				name: "wide_cpu", title: "CPU for each delivery, 10,000 x 1", unit: "µs",
				of: named("cpu_per_delivery"), target: target{ratio: 0.75, most: 25},
			}},
		},
		{
			name: "narrow", scenario: "fanout", sources: both, load: bench.Config{Users: 20, Sockets: 5, Events: of(20_000)},
			figures: []figure{
				{
					name: "narrow_cpu", title: "CPU for each delivery, 20 x 5", unit: "µs",
					of: named("cpu_per_delivery"), target: target{ratio: 0.25, most: 2.5},
				},
				{
					name: "narrow_rate", title: "deliveries, 20 x 5", unit: "1/s",
					of: named("deliveries_rate"), target: target{least: 250_000},
				},
			},
		},
		{
			name: "latency", scenario: "latency", sources: both,
			load: bench.Config{Users: of(10_000), Sockets: 1, Rate: 500, Duration: max(time.Second, time.Duration(scale*float64(10*time.Second)))},
			figures: []figure{
				{name: "latency_p50", title: "publish to socket at 500/s, p50", unit: "µs", of: named("p50"), target: target{ratio: 1.05}},
				{name: "latency_p99", title: "publish to socket at 500/s, p99", unit: "µs", of: named("p99"), target: target{ratio: 1.1}},
			},
		},
		{
			name: "connect", scenario: "connect", sources: both[:1], load: bench.Config{Users: of(10_000), Sockets: 1},
			figures: []figure{{
				name: "connect_cpu", title: "CPU for each connect + authenticate", unit: "µs",
				of: named("cpu_per_connect"), target: target{ratio: 1.05},
			}},
		},
	}
}

// named takes a figure from a report.
func named(name string) func(*bench.Report) (float64, bool) {
	return func(r *bench.Report) (float64, bool) { return r.Figure(name) }
}
