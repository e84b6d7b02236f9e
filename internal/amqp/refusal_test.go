package amqp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// unwatched waits for the warning that the exchange of Orders cannot be watched
// over, with this advice, and checks that the one of Trades is.
func unwatched(t *testing.T, n *node, p *peer, cfg amqp.Config, advice string) {
	t.Helper()
	l := n.awaitLog(t, "cannot be watched over")
	if got := l.attrs["exchange"]; got != cfg.Exchanges.Orders {
		t.Errorf("the warning is of exchange %v, want %s", got, cfg.Exchanges.Orders)
	}
	if got := fmt.Sprint(l.attrs["advice"]); !strings.Contains(got, advice) {
		t.Errorf("got the advice %q, want %q in it", got, advice)
	}
	n.awaitFollowing(t)
	p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Trades, nil) })
	p.send(cfg, trade(1))
	n.metrics.gaps.await(t, "a gap", 0, func(g event.GapReason) bool { return g == event.GapBinding })
}

// A queue that somebody has declared under a witness's name is no matter of
// permissions. Once it is deleted, its exchange is watched over too.
func TestForeignWitness(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	name := witness(cfg, cfg.Exchanges.Orders)
	p.queue(name, true, nil)
	proxy := newProxy(t, cfg.URL)
	cfg.URL, cfg.LookEvery = proxy.url, soon
	n := startNode(t, cfg)
	unwatched(t, n, p, cfg, "queue "+name+" in another way: delete it")
	n.awaitFollowingAfter(t, func() { p.deleteQueue(name); proxy.cut() })
	p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Orders, nil) })
	p.send(cfg, order(1))
	n.metrics.gaps.await(t, "another gap", 1, func(g event.GapReason) bool { return g == event.GapBinding })
}

// A durable witness would be written to the broker's disk at each look, and the
// stream would wait for that.
func TestWitnessIsNotDurable(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	startNode(t, cfg).awaitFollowing(t)
	args := amqp091.Table{"x-max-length": int64(1), "x-message-ttl": int64(60_000), "x-expires": int64(3_600_000)}
	if code := newPeer(t, cfg.URL).queue(witness(cfg, cfg.Exchanges.Orders), false, args); code != 0 {
		t.Errorf("it is refused as one that is not durable, with %d", code)
	}
}

// RabbitMQ 4 ends the connection that asks for what it does not permit. It is asked
// once, also where the stream stands already.
func TestWitnessNotPermitted(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	proxy := newProxy(t, cfg.URL)
	cfg.URL, cfg.LookEvery = proxy.url, soon
	declared := []byte(witness(cfg, cfg.Exchanges.Orders))
	proxy.edits(func(frame []byte) []byte {
		if methodOf(frame) == (method{50, 11}) && bytes.Contains(frame, declared) {
			return closing(541, "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\nBy default, this feature is not permitted anymore.", method{50, 10})
		}
		return frame
	})
	for range 2 { // the first one makes the stream
		n := startNode(t, cfg)
		unwatched(t, n, p, cfg, "deprecated_features.permit.")
		n.awaitFollowingAfter(t, proxy.cut)
		denied := func(l line) bool { return l.text == "reading the broker ended, will reconnect" && says("541")(l) }
		if got := n.log.count(denied); got != 1 {
			t.Errorf("the broker was asked %d times, want once", got)
		}
		if got := n.log.count(says("cannot be watched over")); got != 1 {
			t.Errorf("it was said %d times, want once", got)
		}
		n.stop(t)
	}
}

// closing is the frame by which a broker ends a connection, for what was asked for.
func closing(code uint16, text string, asked method) []byte {
	payload := binary.BigEndian.AppendUint16([]byte{0, 10, 0, 50}, code)
	payload = append(append(payload, byte(len(text))), text...)
	payload = binary.BigEndian.AppendUint16(payload, asked[0])
	payload = binary.BigEndian.AppendUint16(payload, asked[1])
	frame := binary.BigEndian.AppendUint32([]byte{1, 0, 0}, uint32(len(payload)))
	return append(append(frame, payload...), 0xCE)
}

// testWitnessAway: a witness that the broker has and cannot get at, since its node
// is down or it has crashed, does not keep a node from following.
func testWitnessAway(t *testing.T, b *testenv.Broker) {
	eval(b, enableAll)
	cfg := newConfig(t, b.URL)
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	name := witness(cfg, cfg.Exchanges.Orders)
	eval(b, fmt.Sprintf(`R = rabbit_misc:r(<<"/">>, queue, <<%q>>),
		{ok, Q} = rabbit_amqqueue:lookup(R),
		{dictionary, D} = process_info(amqqueue:get_pid(Q), dictionary),
		exit(hd(proplists:get_value('$ancestors', D)), kill),
		rabbit_misc:execute_mnesia_transaction(fun() -> rabbit_amqqueue:update(R, fun(X) -> amqqueue:set_state(X, crashed) end) end)`, name))
	n.awaitLog(t, "bring back the broker's node that has queue "+name)
	late := startNode(t, cfg)
	late.awaitFollowing(t)
	eval(b, closeConnections(""))
	n.awaitFollowing(t)

	p := newPeer(t, b.URL)
	p.deleteQueue(name)
	awaitMarkers(t, p.follow(cfg.Stream), 2)
	p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Orders, nil) })
	p.send(cfg, order(1))
	n.metrics.gaps.await(t, "a gap", 0, func(g event.GapReason) bool { return g == event.GapBinding })
}
