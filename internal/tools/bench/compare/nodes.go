package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ranger/internal/tools/bench"
)

const (
	maxNodes  = 3
	nodesRate = 5000 // messages per second
	nodesTime = 3 * time.Second
)

// measureNodes measures the broker's cost per node that reads one stream.
func (h *harness) measureNodes(ctx context.Context) error {
	broker, err := listener(h.broker)
	if err != nil {
		h.logf("the broker's cost per node is not measured: %v", err)
		return nil
	}
	for round := range h.rounds {
		for _, v := range h.rangers() {
			var costs []float64
			for n := 1; n <= maxNodes; n++ {
				cost, err := h.brokerCost(ctx, v, broker, n)
				if err != nil {
					return err
				}
				costs = append(costs, cost)
				f := figure{name: fmt.Sprintf("nodes_%d", n), title: fmt.Sprintf("the broker's CPU per message, nodes: %d", n), unit: "µs"}
				h.add(round, f, fromStream, v.name, cost)
			}
			further := figure{name: "nodes_further", title: "the broker's CPU per message and further node", unit: "µs"}
			h.add(round, further, fromStream, v.name, (costs[maxNodes-1]-costs[0])/(maxNodes-1))
		}
	}
	return nil
}

// brokerCost returns the broker's CPU time per message, in µs, while a number of nodes
// read messages that are published at a fixed rate.
func (h *harness) brokerCost(ctx context.Context, v variant, broker bench.Process, nodes int) (cost float64, err error) {
	names := newBrokerNames(h.broker, fromStream)
	defer func() { err = errors.Join(err, names.remove(ctx)) }()
	for n := range nodes {
		s, err := h.start(ctx, v, names.environment(h.ed25519, fmt.Sprintf("bench%d", n+1)))
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
	}
	before, err := broker.CPU()
	if err != nil {
		return 0, err
	}
	published, err := publishAtRate(ctx, names, max(time.Second/10, time.Duration(h.scale*float64(nodesTime))))
	if err != nil {
		return 0, err
	}
	after, err := broker.CPU()
	return float64((after - before).Microseconds()) / float64(published), err
}

// publishAtRate publishes at nodesRate for a duration, and returns the number of
// messages.
func publishAtRate(ctx context.Context, names brokerNames, duration time.Duration) (published int, err error) {
	pub, err := names.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer pub.Close()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); ; {
		passed := min(time.Since(start), duration)
		for due := int(passed.Seconds() * nodesRate); published < due; published++ {
			if err := pub.Publish(ctx, trade(published)); err != nil {
				return published, err
			}
		}
		if passed == duration {
			return published, pub.Flush(ctx)
		}
		select {
		case <-ctx.Done():
			return published, ctx.Err()
		case <-tick.C:
		}
	}
}
