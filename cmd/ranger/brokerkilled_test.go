package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// TestBrokerKilledUnderLoad cuts the power of a broker that feeds two clusters. One
// has durable exchanges, and its publisher sends again what was not confirmed:
// nothing is lost. The other has Peatio's exchanges, which are not durable and go
// with the broker: whatever is lost is announced. Sockets stay open, and get what
// is published once their node is ready again.
func TestBrokerKilledUnderLoad(t *testing.T) {
	l := newLoad(t)
	b := testenv.NewBroker(t, nil)
	durable := newCluster(t, b.URL, 2, "AMQP_EXCHANGE_DURABLE=true")
	durable.durable = true
	peatios := newCluster(t, b.URL, 2)
	b.Sync()
	cut := l.config()
	cut.NoRetry = true
	cut.Cut = 2 * time.Second
	kept, lossy := durable.ledger(l.config()), peatios.ledger(cut)
	p := durable.nodes[0].process
	s := durable.login(p, alice)
	s.expect(durable.order(alice, 1))
	durable.pass(l.every)
	peatios.pass(l.every)

	durable.restartBroker(b, peatios, func() {
		p.awaitLogAfter(0, "reading the broker ended, will reconnect")
		if status, body := p.get("/readyz"); status != 503 || !strings.Contains(body, `"source":"connecting"`) {
			t.Errorf("without a broker /readyz is %d %s", status, body)
		}
		s.send("ping")
		s.expect("pong")
	})
	if status, body := p.get("/readyz"); status != 200 {
		t.Errorf("after the broker's restart /readyz is %d %s", status, body)
	}
	durable.connect()
	s.expect(durable.order(alice, 2), durable.order(alice, 3)) // the same socket
	durable.pass(l.every)
	peatios.pass(l.every)
	wantNothingWrong(t, kept.end())
	wantAnnounced(t, lossy.end())
}

// restartBroker kills the broker of two clusters and starts it again, and returns
// when all nodes follow it. If exchanges are durable, the publisher comes back
// after the nodes: for half a second after its start RabbitMQ 3.10 confirms what it
// drops, since the stream is not up yet. If they are not, it comes back when it
// can, and what it loses is announced.
func (c *cluster) restartBroker(b *testenv.Broker, peatios *cluster, meanwhile func()) {
	c.restart.Lock()
	defer c.restart.Unlock() // also if a node never comes back
	nodes := append(slices.Clone(c.nodes), peatios.nodes...)
	marks := make([]int, len(nodes))
	for i, n := range nodes {
		marks[i] = len(n.log())
	}
	b.Kill()
	meanwhile()
	b.Start()
	for i, n := range nodes {
		n.awaitLogAfter(marks[i], "caught up")
	}
}
