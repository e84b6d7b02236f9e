package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// TestBrokerKilledUnderLoad kills a broker that feeds two clusters. One has durable
// exchanges, and its publisher publishes unconfirmed events again: nothing is lost. The
// other has Peatio's exchanges, which are not durable and do not survive the broker: what
// is lost is announced. Sockets stay open and receive events once their node is ready
// again.
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
	kept, lossy := durable.audit(l.config()), peatios.audit(cut)
	p := durable.nodes[0].process
	s := durable.login(p, alice)
	s.expect(durable.order(alice, 1))
	durable.pass(l.every)
	peatios.pass(l.every)

	restartBroker(b, durable, peatios, func(mark int) {
		p.awaitLogAfter(mark, "lost the broker, will reconnect")
		if status, body := p.get("/readyz"); status != 503 || !strings.Contains(body, `"source":"connecting"`) {
			t.Errorf("without a broker: got /readyz %d %s", status, body)
		}
		s.send("ping")
		s.expect("pong")
	})
	if status, body := p.get("/readyz"); status != 200 {
		t.Errorf("after the broker's restart: got /readyz %d %s", status, body)
	}
	durable.connect()
	s.expect(durable.order(alice, 2), durable.order(alice, 3)) // the same socket
	durable.pass(l.every)
	peatios.pass(l.every)
	wantNothingWrong(t, kept.end())
	wantAnnounced(t, lossy.end())
}

// restartBroker kills the broker of two clusters, starts it again, and returns when all
// nodes follow the stream. Until then it does not let the durable cluster's publisher
// connect: for half a second after its start, when streams are not running yet, RabbitMQ
// 3.10 confirms messages that it drops. The other cluster's publisher reconnects at once,
// and what it loses is announced. meanwhile is called while there is no broker, with the
// number of the first line that the first node logs after the kill.
func restartBroker(b *testenv.Broker, durable, peatios *cluster, meanwhile func(mark int)) {
	durable.restart.Lock()
	defer durable.restart.Unlock() // also if a node does not recover
	nodes := append(slices.Clone(durable.nodes), peatios.nodes...)
	marks := make([]int, len(nodes))
	for i, n := range nodes {
		marks[i] = len(n.log())
	}
	b.Kill()
	meanwhile(marks[0])
	b.Start()
	for i, n := range nodes {
		n.awaitLogAfter(marks[i], "caught up")
	}
}
