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

	"ranger/internal/amqp"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/ledger"
)

// cluster is some nodes on one stream of a broker of their own. Each has an
// address that stays, and its own user at the broker.
type cluster struct {
	*world
	broker  *broker
	nodes   []*clusterNode
	durable bool // how the publisher declares exchanges

	restart sync.Mutex // held while no publisher may connect
}

type clusterNode struct {
	*process
	name string
	env  []string
}

// heartbeat is a cluster's HEARTBEAT_INTERVAL: short, so that a ledger of a minute
// knows when some do not come.
const heartbeat = 2 * time.Second

// newCluster starts a broker and so many nodes with this environment.
func newCluster(t testing.TB, nodes int, env ...string) *cluster {
	t.Helper()
	b := newBroker(t)
	c := &cluster{world: newWorldAt(t, b.url), broker: b}
	var users strings.Builder
	for i := range nodes {
		fmt.Fprintf(&users, `rabbit_auth_backend_internal:add_user(<<"node%d">>, <<"node">>, <<"test">>), `, i)
		fmt.Fprintf(&users, `rabbit_auth_backend_internal:set_permissions(<<"node%d">>, <<"/">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>), `, i)
	}
	b.run("ctl", "eval", users.String()+"ok.")
	for i := range nodes {
		name := fmt.Sprintf("node%d", i)
		n := &clusterNode{name: name, env: append([]string{
			"NODE_NAME=" + name,
			"RABBITMQ_URL=" + strings.Replace(b.url, "guest:guest", name+":node", 1),
			"WEBSOCKET_PORT=" + freePort(t),
			"HISTORY_SIZE=10000",
			"DRAIN_PERIOD=2s",
			"HEARTBEAT_INTERVAL=" + heartbeat.String(),
		}, env...)}
		c.nodes = append(c.nodes, n)
		c.start(n)
	}
	b.flush()
	return c
}

// flush has a young broker write down that it has streams: see scripts/broker.
func (b *broker) flush() { b.run("ctl", "eval", "[dets:sync(T) || T <- dets:all()].") }

// freePort returns a port of 127.0.0.1 on which nobody listens now.
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

// The faults that a node can have. Each returns when the node is back.

func (c *cluster) kill(n *clusterNode) {
	n.signal(syscall.SIGKILL)
	n.exit()
	c.start(n)
}

func (c *cluster) terminate(n *clusterNode) {
	n.signal(syscall.SIGTERM)
	if code := n.exit(); code != 0 {
		c.t.Errorf("%s ended with %d after SIGTERM", n.name, code)
	}
	c.start(n)
}

func (c *cluster) pause(n *clusterNode) {
	n.signal(syscall.SIGSTOP)
	<-time.After(4 * time.Second)
	n.signal(syscall.SIGCONT)
}

func (c *cluster) disconnect(n *clusterNode) {
	mark := len(n.log())
	c.broker.run("ctl", "close_all_user_connections", n.name, "for a test")
	n.awaitLogAfter(mark, "caught up")
}

// ledgerPublisher is the program's publisher as a ledger wants one.
type ledgerPublisher struct{ *amqp.Publisher }

func (p ledgerPublisher) Publish(ctx context.Context, d event.Delivery, id string) (ledger.Confirm, error) {
	receipt, err := p.Publisher.Publish(ctx, d, id)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		err := receipt.Wait(ctx)
		if errors.Is(err, amqp.ErrUnrouted) || errors.Is(err, amqp.ErrRefused) {
			return ledger.ErrNotTaken
		}
		return err
	}, nil
}

// ledger runs one against all nodes while faults happen, and returns what it
// found. faults begins when all clients are connected; publishing ends with it.
func (c *cluster) ledger(cfg ledger.Config, faults func()) ledger.Report {
	c.t.Helper()
	for _, n := range c.nodes {
		cfg.Nodes = append(cfg.Nodes, n.ws)
	}
	cfg.Connect = func(ctx context.Context) (ledger.Publisher, error) {
		c.restart.Lock()
		defer c.restart.Unlock()
		p, err := amqp.NewPublisher(ctx, c.url, amqp.Exchanges{Orders: c.orders, Trades: c.trades, Durable: c.durable})
		if err != nil {
			return nil, err
		}
		return ledgerPublisher{p}, nil
	}
	cfg.Token = func(uid event.UID) (string, error) { return c.signer.Sign(auth.Claims{UID: uid}) }
	began := make(chan struct{})
	cfg.Started = func() { close(began) }
	type result struct {
		report ledger.Report
		err    error
	}
	done := make(chan result, 1)
	ctx, stop := context.WithCancel(c.t.Context())
	defer stop()
	go func() {
		r, err := ledger.Run(ctx, cfg)
		done <- result{r, err}
	}()
	select {
	case <-began:
		faults()
		stop()
	case r := <-done:
		c.t.Fatalf("the run could not begin: %v", r.err)
	}
	r := <-done
	check(c.t, r.err)
	var table strings.Builder
	_, _ = r.report.WriteTo(&table)
	c.t.Logf("\n%s", table.String())
	return r.report
}
