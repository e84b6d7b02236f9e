package bench

import (
	"context"
	"runtime/debug"
)

// Scenarios returns all scenarios in the order in which they run.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "connect", Help: "Connect and authenticate sockets: connects per second and cost of one.", Run: withoutGC(runConnect)},
		{Name: "idle", Help: "Keep authenticated sockets open: memory per socket, and CPU of an idle one.", Run: withoutGC(runIdle)},
		{Name: "fanout", Help: "Publish trades as fast as the broker takes them: cost of a delivery.", Run: withoutGC(runFanout)},
		{Name: "latency", Help: "Publish trades at a fixed rate: latency of deliveries.", Run: withoutGC(runLatency)},
		{Name: "storm", Help: "Drop all sockets at once and let them reconnect and resume: how long it takes, and how it affects other users.", Run: withoutGC(runStorm)},
		{Name: "burst", Help: "Publish thousands of events to five users at once: how it affects other users.", Run: withoutGC(runBurst)},
		{Name: "slow", Help: "Let one socket of a busy user stop reading: how it affects other users.", Run: withoutGC(runSlow)},
	}
}

// gcLimit is the size of this program's memory at which it collects garbage, in bytes.
const gcLimit = 1 << 30

// withoutGC makes run collect no garbage below gcLimit: on a shared machine the
// collector would take CPU from the server.
func withoutGC(run func(context.Context, Config) (Report, error)) func(context.Context, Config) (Report, error) {
	return func(ctx context.Context, cfg Config) (Report, error) {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(gcLimit))
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		return run(ctx, cfg)
	}
}
