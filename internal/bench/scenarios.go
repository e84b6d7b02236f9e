package bench

// Scenarios returns all scenarios, in the order in which they are to be run.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "connect", Help: "Connect sockets and authenticate them: how many a second, and what one costs.", Run: runConnect},
		{Name: "idle", Help: "Keep authenticated sockets open: what one costs in memory, and at rest.", Run: runIdle},
		{Name: "fanout", Help: "Publish trades as fast as the broker takes them: what a delivery costs.", Run: runFanout},
		{Name: "latency", Help: "Publish trades at a fixed rate: how late they reach their sockets.", Run: runLatency},
		{Name: "storm", Help: "Drop all sockets at once, and have them come back and resume: how long it takes, and what those who stayed see of it.", Run: runStorm},
		{Name: "burst", Help: "Publish thousands of events to five users at once: what others see of it.", Run: runBurst},
		{Name: "slow", Help: "Let one socket of a busy user stop reading: what others see of it.", Run: runSlow},
	}
}
