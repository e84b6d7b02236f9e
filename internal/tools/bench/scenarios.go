package bench

import (
	"context"
	"runtime/debug"
)

// Scenarios returns all scenarios, in the order in which they are to be run.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "connect", Help: "Connect sockets and authenticate them: how many a second, and what one costs.", Run: uncollected(runConnect)},
		{Name: "idle", Help: "Keep authenticated sockets open: what one costs in memory, and at rest.", Run: uncollected(runIdle)},
		{Name: "fanout", Help: "Publish trades as fast as the broker takes them: what a delivery costs.", Run: uncollected(runFanout)},
		{Name: "latency", Help: "Publish trades at a fixed rate: how late they reach their sockets.", Run: uncollected(runLatency)},
		{Name: "storm", Help: "Drop all sockets at once, and have them come back and resume: how long it takes, and what those who stayed see of it.", Run: uncollected(runStorm)},
		{Name: "burst", Help: "Publish thousands of events to five users at once: what others see of it.", Run: uncollected(runBurst)},
		{Name: "slow", Help: "Let one socket of a busy user stop reading: what others see of it.", Run: uncollected(runSlow)},
	}
}

// collectAt is at how many bytes of memory of its own a run collects garbage.
const collectAt = 1 << 30

// uncollected has run go without collecting garbage, where there is little: on a
// machine that is shared a collector takes the cores of what is measured.
func uncollected(run func(context.Context, Config) (Report, error)) func(context.Context, Config) (Report, error) {
	return func(ctx context.Context, cfg Config) (Report, error) {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(collectAt))
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		return run(ctx, cfg)
	}
}
