package main_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// chaos starts faults at a distance of that many events, whether or not the previous ones
// have ended, and returns when all have. Each kind occurs once, in random order, before one
// is repeated.
func (c *cluster) chaos(l load, clients *connections) {
	c.t.Helper()
	free := make(chan *clusterNode, len(c.nodes)) // nodes without a fault
	for _, n := range c.nodes {
		free <- n
	}
	var running sync.WaitGroup
	at := func(f func(*clusterNode)) func() (where string) {
		return func() string {
			n := anyOf(free)
			running.Go(func() {
				defer func() { free <- n }()
				f(n)
			})
			return n.name
		}
	}
	kinds := []struct {
		name  string
		begin func() (where string)
	}{
		{"client cut", clients.cut},
		{"kill -9", at(c.kill)},
		{"SIGTERM", at(c.terminate)},
		{"SIGSTOP", at(func(n *clusterNode) { c.pause(n, 2*l.every) })},
		{"connections to the broker closed", at(c.disconnect)},
	}
	count := make(map[string]int)
	order := slices.Clone(kinds)
	begun := time.Now()
	for n := range l.faults {
		c.pass(l.every)
		if n%len(order) == 0 {
			rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		fault := order[n%len(order)]
		where := fault.begin()
		count[fault.name]++
		c.t.Logf("after %.1f s: %s, %s", time.Since(begun).Seconds(), fault.name, where)
	}
	running.Wait()
	c.t.Logf("faults: %v", count)
	for _, k := range kinds {
		if count[k.name] == 0 {
			c.t.Errorf("fault %s did not occur", k.name)
		}
	}
}

// anyOf receives one of the nodes, and waits if there is none.
func anyOf(free chan *clusterNode) *clusterNode {
	n := <-free
	for range rand.IntN(len(free) + 1) {
		free <- n
		n = <-free
	}
	return n
}
