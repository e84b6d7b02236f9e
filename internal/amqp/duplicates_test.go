package amqp_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
)

// publishWithID publishes alice's Order with a number, or her Trade, with an id.
func publishWithID(p *amqptest.Peer, exchange string, number int, id string) {
	p.Publish(exchange, "", amqp091.Publishing{
		MessageId: id,
		Headers:   amqp091.Table{"member_uid": string(alice), "ask_member_uid": string(alice)},
		Body:      order(number).Body,
	})
}

// A message that its publisher sends again is one event.
func TestSource_DuplicateIsNoEvent(t *testing.T) { eachMode(t, testDuplicates) }

func testDuplicates(t *testing.T, cfg amqp.Config) {
	cfg.CheckInterval = amqptest.Never // no markers but those of the test
	n, alices, p := setUp(t, cfg)
	clock := time.Now().UnixMilli()
	later := func(d time.Duration) {
		clock += d.Milliseconds()
		p.Publish("", cfg.Stream, amqp091.Publishing{Type: markerType, Body: fmt.Appendf(nil, `{"id":"a test's","n":1,"at":%d}`, clock)})
	}
	orders, trades := cfg.Exchanges.Orders, cfg.Exchanges.Trades
	var want []int
	step := func(exchange string, number int, id string, event bool) {
		publishWithID(p, exchange, number, id)
		if event {
			want = append(want, number)
		}
	}
	step(orders, 1, "a", true)
	step(orders, 1, "a", false)
	step(orders, 2, "a", false) // only the id counts
	step(trades, 3, "a", true)  // each exchange has its own ids
	step(trades, 3, "a", false)
	step(orders, 4, "", true)
	step(orders, 4, "", true) // without an id it is another message
	step(orders, 5, "b", true)
	later(59 * time.Second)
	step(orders, 5, "b", false)
	step(orders, 6, "c", true)
	later(2 * time.Second)
	step(orders, 5, "b", false) // it was read two seconds ago
	later(59 * time.Second)
	step(orders, 6, "c", true) // a minute has passed
	step(orders, 7, "b", false)
	later(-time.Hour) // the node's clock was set
	step(orders, 8, "c", true)
	step(orders, 8, "c", false)
	later(time.Hour)
	step(orders, 9, "c", true)
	step(orders, 10, "", true)

	const retried = 7
	check := func(name string, n *node, alices *tap) {
		t.Helper()
		if got := numbers(t, alices.await(t, idText(10))); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		if got := n.metrics.retried.total(); got != retried {
			t.Errorf("%s: got a count of %d duplicates, want %d", name, got, retried)
		}
	}
	check("a node that follows", n, alices)
	cfg.Node = "node-b"
	late := newNode(cfg)
	lates := late.tap(t, alice)
	late.run(t)
	check("a node that starts later", late, lates)
}

// A node whose window begins between a message and its duplicate decides as a node
// that has read both.
func TestSource_DuplicateAtStartOfWindow(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.CheckInterval = soon
	_, alices, p := setUp(t, cfg)
	markers := p.Follow(cfg.Stream)
	cfg.Node, cfg.Portable = "node-b", true
	for i := 1; ; i += 2 {
		// A slow machine may start the node when its window has passed the duplicate too.
		cfg.Window = time.Duration(i) * 2 * time.Second
		publishWithID(p, cfg.Exchanges.Orders, i, strconv.Itoa(i))
		first := lastPosition(alices.await(t, idText(i)), order(i).Body)
		awaitChecks(t, markers, time.Now().Add(cfg.Window).UnixMilli(), "node-a")
		publishWithID(p, cfg.Exchanges.Orders, i, strconv.Itoa(i))
		stream := p.Stream(cfg.Stream)
		duplicate := slices.IndexFunc(stream, func(m amqptest.Stored) bool { return m.At.Offset > first.Offset && m.At.Check == first.Check })
		late := newNode(cfg)
		lates := late.tap(t, alice)
		late.run(t)
		late.awaitFollowing(t)
		p.Send(cfg.Exchanges, order(i+1))
		if got := numbers(t, alices.await(t, idText(i+1))); len(got) != i+1 {
			t.Errorf("the node that followed: got %v, want 1 to %d", got, i+1)
		}
		got := numbers(t, lates.await(t, idText(i+1)))
		retried := late.metrics.retried.total()
		late.stop(t)
		if late.journal.Holds(first) {
			t.Fatalf("position %v: the late node's window begins before it, the test shows nothing", first)
		}
		if !late.journal.Holds(stream[duplicate].At) {
			continue
		}
		if len(got) != 1 {
			t.Errorf("the late node: got %v, want only %d", got, i+1)
		}
		if retried != 1 {
			t.Errorf("the late node: got a count of %d duplicates, want 1", retried)
		}
		return
	}
}

// If clocks differ by more than a minute, the log says so once, with the nodes' names.
func TestSource_LogsDifferenceOfClocks(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.CheckInterval = amqptest.Never // no markers but those of the test
	n, alices, p := setUp(t, cfg)
	const warning = "clocks of two nodes differ"
	clock := time.Now()
	mark := func(id string, ahead time.Duration) {
		p.Publish("", cfg.Stream, amqp091.Publishing{
			Type: markerType,
			Body: fmt.Appendf(nil, `{"node":"host of %s","id":"%[1]s","n":1,"at":%d}`, id, clock.Add(ahead).UnixMilli()),
		})
		clock = clock.Add(5 * time.Second)
	}
	mark("b", 0)
	for range 5 { // these differ by less
		mark("c", 50*time.Second)
		mark("b", 0)
	}
	clock = clock.Add(time.Hour) // no node writes
	mark("d", 0)
	mark("b", 0)
	mark("d", 0)
	mark("b", time.Hour) // its clock was set
	mark("d", 0)
	mark("b", 0)
	p.Send(cfg.Exchanges, order(1))
	alices.await(t, idText(1))
	if got := n.log.count(says(warning)); got != 0 {
		t.Errorf("got %d warnings while clocks are right, want none: %v", got, n.log.all())
	}
	for range 5 {
		mark("e", -10*time.Minute)
		mark("b", 0)
	}
	p.Send(cfg.Exchanges, order(2))
	alices.await(t, idText(2))
	if got := n.log.count(says(warning)); got != 1 {
		t.Fatalf("got %d warnings, want 1: %v", got, n.log.all())
	}
	l := n.awaitLog(t, warning)
	if l.attrs["ahead"] != "host of b" || l.attrs["behind"] != "host of e" {
		t.Errorf("got %v ahead and %v behind, want host of b and host of e", l.attrs["ahead"], l.attrs["behind"])
	}
}
