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
	kept, lossy := durable.audit(l.config()), peatios.audit(cut)
	p := durable.nodes[0].process
	s := durable.login(p, alice)
	s.expect(durable.order(alice, 1))
	durable.pass(l.every)
	peatios.pass(l.every)

	restartBroker(b, durable, peatios, func(mark int) {
		p.awaitLogAfter(mark, "reading the broker ended, will reconnect")
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
// when all nodes follow it. It holds back the durable cluster's publisher until then:
// for half a second after its start RabbitMQ 3.10 confirms messages that it drops,
// since the streams are not up yet. The other cluster's publisher reconnects at once,
// and what it loses is announced. meanwhile is called without a broker, with the
// number of the first line that the first node logs after the kill.
func restartBroker(b *testenv.Broker, durable, peatios *cluster, meanwhile func(mark int)) {
	durable.restart.Lock()
	defer durable.restart.Unlock() // also if a node never comes back
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
