package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ranger/internal/tools/bench"
)

const (
	mostNodes = 3
	nodesRate = 5000 // messages a second
	nodesTime = 3 * time.Second
)

// nodes measures what each node that reads one stream costs the broker.
func (l *lab) nodes(ctx context.Context) error {
	broker, err := listener(l.broker)
	if err != nil {
		l.tell("what nodes cost the broker cannot be told: %v", err)
		return nil
	}
	for round := range l.rounds {
		var costs []float64
		for n := 1; n <= mostNodes; n++ {
			cost, err := l.brokerCost(ctx, broker, n)
			if err != nil {
				return err
			}
			costs = append(costs, cost)
			f := figure{name: fmt.Sprintf("nodes_%d", n), title: fmt.Sprintf("the broker's CPU for each message, nodes: %d", n), unit: "µs"}
			l.add(round, f, fromStream, ranger, cost)
		}
		further := figure{name: "nodes_further", title: "the broker's CPU for each message and further node", unit: "µs"}
		l.add(round, further, fromStream, ranger, (costs[mostNodes-1]-costs[0])/(mostNodes-1))
	}
	return nil
}

// brokerCost returns the broker's CPU time for each message, in µs, while so many
// nodes read what is published at a fixed rate.
func (l *lab) brokerCost(ctx context.Context, broker bench.Process, nodes int) (cost float64, err error) {
	p := newPlace(l.broker, fromStream)
	defer func() { err = errors.Join(err, p.remove(ctx)) }()
	for n := range nodes {
		s, err := l.start(ctx, ranger, p.environment(l.ed25519, fmt.Sprintf("bench%d", n+1)))
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
	}
	before, err := broker.CPU()
	if err != nil {
		return 0, err
	}
	published, err := l.pace(ctx, p, max(time.Second/10, time.Duration(l.scale*float64(nodesTime))))
	if err != nil {
		return 0, err
	}
	after, err := broker.CPU()
	return float64((after - before).Microseconds()) / float64(published), err
}

// pace publishes at nodesRate for so long, and returns how many messages.
func (l *lab) pace(ctx context.Context, p place, long time.Duration) (published int, err error) {
	pub, err := p.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer pub.Close()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); ; {
		passed := min(time.Since(begun), long)
		for due := int(passed.Seconds() * nodesRate); published < due; published++ {
			if err := pub.Publish(ctx, trade(published)); err != nil {
				return published, err
			}
		}
		if passed == long {
			return published, pub.Flush(ctx)
		}
		select {
		case <-ctx.Done():
			return published, ctx.Err()
		case <-tick.C:
		}
	}
}
