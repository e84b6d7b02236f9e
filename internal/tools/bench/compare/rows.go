package main

import (
	"fmt"
	"time"

	"ranger/internal/tools/bench"
)

// Names of the rows that are not a scenario of the load test alone.
const (
	rowRead  = "read"
	rowNodes = "nodes"
)

// rowGrowth is the name of many rows: not measured unless it is asked for.
const rowGrowth = "growth"

// row is a load, and what is told of it.
type row struct {
	name     string // as it is given to -rows
	scenario string
	// sources are where servers read events from meanwhile.
	sources []string
	alone   bool // measured of ranger alone
	kept    bool // bare's queue is a durable one as well, so that the broker does the same for both
	secure  bool // over TLS
	load    bench.Config
	figures []figure
}

// sourceOf returns what that server is told of where it reads from.
func (r *row) sourceOf(server, source string) string {
	if r.kept && server == bareLoop && source == fromQueue {
		return fromKept
	}
	return source
}

// figure is a line of the table.
type figure struct {
	name   string // fixed, for programs
	title  string
	unit   string
	of     func(*bench.Report) (float64, bool)
	fed    func(*bench.Report) (float64, bool) // what of it the broker fed, where that may be the limit; else nil
	target target
}

// target is what ranger must reach. Zero values are no target.
type target struct {
	ratio float64 // ours / bare, at most
	most  float64 // ours, at most
	least float64 // ours, at least, or all that the broker fed
}

// rowNames are those of all rows, and usualRows those that are measured unless
// others are asked for.
func rowNames() []string { return append(usualRows(), rowGrowth) }

func usualRows() []string {
	var names []string
	for _, r := range rows(1) {
		if r.name != rowGrowth {
			names = append(names, r.name)
		}
	}
	return append(names, rowRead, rowNodes)
}

// rows are those that are a load of the load test, as much of it as scale says.
func rows(scale float64) []row {
	both := []string{fromStream, fromQueue}
	of := func(n int) int { return max(2, int(float64(n)*scale)) }
	stable := max(time.Second, time.Duration(scale*float64(15*time.Second))).Round(time.Second)
	return append([]row{
		{
			name: "idle", scenario: "idle", sources: both[:1],
			load: bench.Config{Users: of(10_000), Sockets: 1, Duration: time.Second, Stable: stable},
			figures: []figure{{
				name: "idle_memory", title: "memory for each idle socket", unit: "B",
				of: named("bytes_per_socket"), target: target{most: 3_600},
			}},
		},
		{
			name: "idle-tls", scenario: "idle", sources: both[:1], alone: true, secure: true,
			load: bench.Config{Users: of(5_000), Sockets: 1, Duration: time.Second, Stable: stable},
			figures: []figure{{
				name: "idle_tls_memory", title: "memory for each idle socket, TLS", unit: "B", of: named("bytes_per_socket"),
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
					of: named("deliveries_rate"), fed: named("fed_rate"), target: target{least: 250_000},
				},
			},
		},
		{
			name: "latency", scenario: "latency", sources: both, kept: true,
			load: bench.Config{Users: of(10_000), Sockets: 1, Rate: 500, Duration: max(time.Second/10, time.Duration(scale*float64(20*time.Second)))},
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
	}, growthRows(of, stable)...)
}

// growthRows are what a socket and a delivery cost by how many sockets there are. There
// are as many deliveries each time.
func growthRows(of func(int) int, stable time.Duration) (rows []row) {
	for _, n := range []int{1_000, 5_000, 15_000} {
		rows = append(rows, row{
			name: rowGrowth, scenario: "idle", sources: []string{fromStream}, alone: true,
			load: bench.Config{Users: of(n), Sockets: 1, Duration: time.Second, Stable: stable},
			figures: []figure{{
				name: fmt.Sprintf("growth_memory_%d", n), title: fmt.Sprintf("memory for each idle socket of %d", n), unit: "B",
				of: named("bytes_per_socket"),
			}},
		}, row{
			name: rowGrowth, scenario: "fanout", sources: []string{fromStream}, alone: true,
			load: bench.Config{Users: of(n), Sockets: 1, Events: of(20_000)},
			figures: []figure{{
				name: fmt.Sprintf("growth_cpu_%d", n), title: fmt.Sprintf("CPU for each delivery, %d x 1", n), unit: "µs",
				of: named("cpu_per_delivery"),
			}},
		})
	}
	return rows
}

// named takes a figure from a report.
func named(name string) func(*bench.Report) (float64, bool) {
	return func(r *bench.Report) (float64, bool) { return r.Figure(name) }
}
