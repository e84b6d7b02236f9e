package main_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/amqp/publish"
	"ranger/internal/amqp/topology"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/testenv"
	"ranger/internal/tools/audit"
)

// cluster is several nodes on one stream. Each has a fixed address and connects to the
// broker through its own proxy.
type cluster struct {
	*world
	nodes   []*clusterNode
	durable bool // whether the publisher declares exchanges as durable

	restart   sync.Mutex // held while no publisher may connect
	confirmed counter    // events that the broker has confirmed to the audit
}

type clusterNode struct {
	*process
	name  string
	env   []string
	proxy *testenv.Proxy // to the broker
}

// heartbeat is the HEARTBEAT_INTERVAL of a cluster's nodes. The audit checks it only in
// make soak.
const heartbeat = 2 * time.Second

// newCluster starts nodes with this environment on the broker at url.
func newCluster(t testing.TB, url string, nodes int, env ...string) *cluster {
	t.Helper()
	c := &cluster{world: newWorldAt(t, url)}
	for i := range nodes {
		proxy := testenv.NewProxy(t, url)
		name := fmt.Sprintf("node%d", i)
		n := &clusterNode{name: name, proxy: proxy, env: append([]string{
			"NODE_NAME=" + name,
			"RABBITMQ_URL=" + proxy.URL,
			"WEBSOCKET_PORT=" + freePort(t),
			"HISTORY_SIZE=10000",
			"DRAIN_PERIOD=2s",
			"HEARTBEAT_INTERVAL=" + heartbeat.String(),
		}, env...)}
		c.nodes = append(c.nodes, n)
		c.start(n)
	}
	return c
}

// freePort returns a free port of 127.0.0.1.
func freePort(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	check(t, l.Close())
	return port
}

// start starts a node and returns when it is ready.
func (c *cluster) start(n *clusterNode) { n.process = c.serve(n.env...) }

// The faults of a node. Each method returns when the node has recovered.

func (c *cluster) kill(n *clusterNode) {
	n.signal(syscall.SIGKILL)
	n.exit()
	c.start(n)
}

func (c *cluster) terminate(n *clusterNode) {
	n.signal(syscall.SIGTERM)
	if code := n.exit(); code != 0 {
		c.t.Errorf("%s after SIGTERM: got exit code %d, want 0", n.name, code)
	}
	c.start(n)
}

// pause suspends a node until that many events have been confirmed.
func (c *cluster) pause(n *clusterNode, events int) {
	n.signal(testenv.Suspend)
	c.pass(events)
	n.signal(testenv.Continue)
}

func (c *cluster) disconnect(n *clusterNode) {
	mark := len(n.log())
	n.proxy.Cut()
	n.awaitLogAfter(mark, "caught up")
}

// pass returns when that many more events have been confirmed.
func (c *cluster) pass(events int) {
	c.t.Helper()
	if !c.confirmed.await(c.t.Context(), events) {
		c.t.Errorf("timed out waiting for %d more confirmed events", events)
	}
}

// counter counts events. It is safe for concurrent use.
type counter struct {
	mu   sync.Mutex
	n    int           // guarded by mu
	more chan struct{} // guarded by mu: closed at the next event; nil if no goroutine waits
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.more != nil {
		close(c.more)
		c.more = nil
	}
}

// await waits for that many more events and reports whether they occurred.
func (c *counter) await(ctx context.Context, more int) bool {
	ctx, cancel := context.WithTimeout(ctx, testenv.Patience)
	defer cancel()
	for enough := -1; ; {
		c.mu.Lock()
		if enough < 0 {
			enough = c.n + more
		}
		if c.more == nil {
			c.more = make(chan struct{})
		}
		n, grown := c.n, c.more
		c.mu.Unlock()
		if n >= enough {
			return true
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return false
		}
	}
}

// auditPublisher adapts the program's publisher to audit.Config.
type auditPublisher struct {
	*publish.Publisher

	confirmed *counter
}

func (p auditPublisher) Publish(ctx context.Context, d event.Delivery, id string) (audit.Confirm, error) {
	receipt, err := p.Publisher.Publish(ctx, d, id)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		err := receipt.Wait(ctx)
		if errors.Is(err, publish.ErrUnroutable) || errors.Is(err, publish.ErrNacked) {
			return audit.ErrNotTaken
		}
		if err == nil {
			p.confirmed.add()
		}
		return err
	}, nil
}

// auditRun is a running audit of all nodes of a cluster.
type auditRun struct {
	t    testing.TB
	stop context.CancelFunc // ends publishing
	done chan auditResult
}

type auditResult struct {
	report audit.Report
	err    error
}

// audit starts an audit and returns when all clients are connected. It publishes until end
// is called.
func (c *cluster) audit(cfg audit.Config) *auditRun {
	c.t.Helper()
	for _, n := range c.nodes {
		cfg.Nodes = append(cfg.Nodes, n.ws)
	}
	cfg.Connect = func(ctx context.Context) (audit.Publisher, error) {
		c.restart.Lock()
		defer c.restart.Unlock()
		p, err := publish.NewPublisher(ctx, c.url, topology.Exchanges{Orders: c.orders, Trades: c.trades, Durable: c.durable})
		if err != nil {
			return nil, err
		}
		return auditPublisher{p, &c.confirmed}, nil
	}
	cfg.Token = func(uid event.UID) (string, error) { return c.signer.Sign(auth.Claims{UID: uid}) }
	began := make(chan struct{})
	cfg.Started = func() { close(began) }
	ctx, stop := context.WithCancel(c.t.Context())
	a := &auditRun{t: c.t, stop: stop, done: make(chan auditResult, 1)}
	c.t.Cleanup(stop)
	go func() {
		r, err := audit.Run(ctx, cfg)
		a.done <- auditResult{r, err}
	}()
	select {
	case <-began:
	case r := <-a.done:
		c.t.Fatalf("the audit did not start: %v", r.err)
	}
	return a
}

// end stops publishing and returns the report of the audit.
func (a *auditRun) end() audit.Report {
	a.t.Helper()
	a.stop()
	r := <-a.done
	check(a.t, r.err)
	var table strings.Builder
	_, _ = r.report.WriteTo(&table)
	a.t.Logf("\n%s", table.String())
	return r.report
}
