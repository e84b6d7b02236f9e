package main

import (
	"fmt"
	"time"

	"ranger/internal/tools/bench"
)

// Names of rows that are not a single scenario of the load test.
const (
	rowRead  = "read"
	rowNodes = "nodes"
)

// rowGrowth is the name of several rows that are measured only on request.
const rowGrowth = "growth"

// row is a load and the figures measured under it.
type row struct {
	name       string // for -rows
	scenario   string
	sources    []string // values of AMQP_SOURCE to measure
	rangerOnly bool     // not measured of the baseline
	durable    bool     // the baseline's queue is durable too, so that the broker does the same work
	overTLS    bool
	load       bench.Config
	figures    []figure
}

// sourceOf returns the AMQP_SOURCE of a variant for a source of the row.
func (r *row) sourceOf(variant, source string) string {
	if r.durable && variant == baseline && source == fromQueue {
		return fromDurable
	}
	return source
}

// figure is a line of the table.
type figure struct {
	name   string // for programs
	title  string
	unit   string
	of     func(*bench.Report) (float64, bool)
	fed    func(*bench.Report) (float64, bool) // the broker's rate, if it may be the limit; else nil
	target target
}

// target is the value that ranger must reach. Zero fields are no target.
type target struct {
	ratio float64 // largest ratio to the baseline
	most  float64 // largest value
	least float64 // smallest value, unless ranger delivers all that the broker sends
}

// rowNames returns the names of all rows.
func rowNames() []string { return append(usualRows(), rowGrowth) }

// usualRows returns the names of the rows that are measured by default.
func usualRows() []string {
	var names []string
	for _, r := range rows(1) {
		if r.name != rowGrowth {
			names = append(names, r.name)
		}
	}
	return append(names, rowRead, rowNodes)
}

// rows returns the rows that are a scenario of the load test, at a scale.
func rows(scale float64) []row {
	both := []string{fromStream, fromQueue}
	of := func(n int) int { return max(2, int(float64(n)*scale)) }
	stable := max(time.Second, time.Duration(scale*float64(15*time.Second))).Round(time.Second)
	return append([]row{
		{
			name: "idle", scenario: "idle", sources: both[:1],
			load: bench.Config{Users: of(10_000), Sockets: 1, Duration: time.Second, Stable: stable},
			figures: []figure{{
				name: "idle_memory", title: "memory per idle socket", unit: "B",
				of: named("bytes_per_socket"), target: target{most: 3_600},
			}},
		},
		{
			name: "idle-tls", scenario: "idle", sources: both[:1], rangerOnly: true, overTLS: true,
			load: bench.Config{Users: of(5_000), Sockets: 1, Duration: time.Second, Stable: stable},
			figures: []figure{{
				name: "idle_tls_memory", title: "memory per idle socket, TLS", unit: "B", of: named("bytes_per_socket"),
			}},
		},
		{
			name: "wide", scenario: "fanout", sources: both, load: bench.Config{Users: of(10_000), Sockets: 1, Events: of(20_000)},
			figures: []figure{{
				name: "wide_cpu", title: "CPU per delivery, 10,000 x 1", unit: "µs",
				of: named("cpu_per_delivery"), target: target{ratio: 0.75, most: 25},
			}},
		},
		{
			name: "narrow", scenario: "fanout", sources: both, load: bench.Config{Users: 20, Sockets: 5, Events: of(20_000)},
			figures: []figure{
				{
					name: "narrow_cpu", title: "CPU per delivery, 20 x 5", unit: "µs",
					of: named("cpu_per_delivery"), target: target{ratio: 0.25, most: 2.5},
				},
				{
					name: "narrow_rate", title: "deliveries, 20 x 5", unit: "1/s",
					of: named("deliveries_rate"), fed: named("fed_rate"), target: target{least: 250_000},
				},
			},
		},
		{
			name: "latency", scenario: "latency", sources: both, durable: true,
			load: bench.Config{Users: of(10_000), Sockets: 1, Rate: 500, Duration: max(time.Second/10, time.Duration(scale*float64(20*time.Second)))},
			figures: []figure{
				{name: "latency_p50", title: "publish to socket at 500/s, p50", unit: "µs", of: named("p50"), target: target{ratio: 1.05}},
				{name: "latency_p99", title: "publish to socket at 500/s, p99", unit: "µs", of: named("p99"), target: target{ratio: 1.1}},
			},
		},
		{
			name: "connect", scenario: "connect", sources: both[:1], load: bench.Config{Users: of(10_000), Sockets: 1},
			figures: []figure{{
				name: "connect_cpu", title: "CPU per connect + authenticate", unit: "µs",
				of: named("cpu_per_connect"), target: target{ratio: 1.05},
			}},
		},
	}, growthRows(of, stable)...)
}

// growthRows returns the rows that measure sockets and deliveries by the number of
// sockets. The number of deliveries is always the same.
func growthRows(of func(int) int, stable time.Duration) (rows []row) {
	for _, n := range []int{1_000, 5_000, 15_000} {
		rows = append(rows, row{
			name: rowGrowth, scenario: "idle", sources: []string{fromStream}, rangerOnly: true,
			load: bench.Config{Users: of(n), Sockets: 1, Duration: time.Second, Stable: stable},
			figures: []figure{{
				name: fmt.Sprintf("growth_memory_%d", n), title: fmt.Sprintf("memory per idle socket of %d", n), unit: "B",
				of: named("bytes_per_socket"),
			}},
		}, row{
			name: rowGrowth, scenario: "fanout", sources: []string{fromStream}, rangerOnly: true,
			load: bench.Config{Users: of(n), Sockets: 1, Events: of(20_000)},
			figures: []figure{{
				name: fmt.Sprintf("growth_cpu_%d", n), title: fmt.Sprintf("CPU per delivery, %d x 1", n), unit: "µs",
				of: named("cpu_per_delivery"),
			}},
		})
	}
	return rows
}

// named returns a function that reads a figure from a report.
func named(name string) func(*bench.Report) (float64, bool) {
	return func(r *bench.Report) (float64, bool) { return r.Figure(name) }
}
