package amqp_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// follow returns what comes into a stream from now on.
func (p *peer) follow(stream string) <-chan amqp091.Delivery {
	p.tb.Helper()
	ch := p.channel()
	if err := ch.Qos(10_000, 0, false); err != nil {
		p.tb.Fatal(err)
	}
	deliveries, err := ch.Consume(stream, "", false, false, false, false, amqp091.Table{"x-stream-offset": "next"})
	if err != nil {
		p.tb.Fatal(err)
	}
	return deliveries
}

// awaitMarkers waits for so many markers of node-a.
func awaitMarkers(tb testing.TB, deliveries <-chan amqp091.Delivery, count int) {
	tb.Helper()
	timeout := time.After(testenv.Patience)
	for count > 0 {
		select {
		case d := <-deliveries:
			if err := d.Ack(false); err != nil {
				tb.Fatal(err)
			}
			if isMarker(d) {
				count--
			}
		case <-timeout:
			tb.Fatalf("%d more markers are wanted", count)
		}
	}
}

// looked says that a node has looked after exchanges and bindings since Looked, Unix ms,
// and found, or made, all well.
type looked struct {
	Node   string
	Looked int64
}

// readLooked returns what a marker's body says.
func readLooked(tb testing.TB, body string) (l looked) {
	tb.Helper()
	if err := json.Unmarshal([]byte(body), &l); err != nil {
		tb.Fatalf("%s: %v", body, err)
	}
	return l
}

// awaitLooks waits until each of these nodes has said that it began a look after a
// time, Unix ms.
func awaitLooks(tb testing.TB, deliveries <-chan amqp091.Delivery, after int64, nodes ...string) {
	tb.Helper()
	timeout := time.After(testenv.Patience)
	for len(nodes) > 0 {
		select {
		case d := <-deliveries:
			if err := d.Ack(false); err != nil {
				tb.Fatal(err)
			}
			if d.Exchange == "" && d.Type == "ranger.marker" && strings.Contains(string(d.Body), `"looked"`) {
				if l := readLooked(tb, string(d.Body)); l.Looked > after {
					nodes = slices.DeleteFunc(nodes, func(name string) bool { return name == l.Node })
				}
			}
		case <-timeout:
			tb.Fatalf("no marker of %v says that it has looked", nodes)
		}
	}
}

// checkToldByNextLook checks that the gap which a harm has left stands in the stream
// before any marker of a look that began after it: so the next look at the harm told
// of it.
func checkToldByNextLook(tb testing.TB, stream []stored, harmed int64, want event.GapReason) {
	tb.Helper()
	looks, told := 0, false
	for _, m := range stream {
		switch {
		case m.exchange != "":
		case m.typ == "ranger.gap":
			told = told || strings.Contains(m.body, string(want))
		case m.typ == "ranger.marker" && strings.Contains(m.body, `"looked"`):
			if l := readLooked(tb, m.body); l.Looked > harmed {
				looks++
				if !told {
					tb.Errorf("%s looked %d ms after the harm, and there is no gap %q before its marker", l.Node, l.Looked-harmed, want)
				}
			}
		}
	}
	if looks == 0 {
		tb.Error("nobody has looked since the harm: the test shows nothing")
	}
}

func isMarker(d amqp091.Delivery) bool {
	return d.Exchange == "" && d.Type == "ranger.marker" && strings.Contains(string(d.Body), `"node":"node-a"`)
}

func TestExchangeDeleted(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	missing := func(name string) func(line) bool {
		return func(l line) bool { return says("an exchange was missing")(l) && l.attrs["exchange"] == name }
	}
	names := []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades}
	for i, name := range names {
		other := missing(names[1-i])
		before := n.log.count(other)
		p.must("delete exchange", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(name, false, false) })
		// It may be missing once more: RabbitMQ says that it has declared an exchange,
		// and has not, while the deletion of one of that name is not over.
		_, n.mark = n.log.await(t, "the log line that "+name+" was missing", n.mark, missing(name))
		awaitMarkers(t, p.follow(cfg.Stream), 2) // it is bound before the second is sent
		p.send(cfg, order(2*i), trade(2*i+1))
		alices.await(t, idText(2*i+1))
		if got := n.log.count(other) - before; got != 0 {
			t.Errorf("%s was said to be missing %d times", names[1-i], got)
		}
	}
	if got := len(alices.read(t)); got != 4 {
		t.Errorf("alice got %d events, want 4", got)
	}
}

// A binding that was removed is told by the next look after a message that missed it.
func TestBindingRemoved(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	p := newPeer(t, cfg.URL)
	looks := p.follow(cfg.Stream)
	for i, x := range []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades} {
		awaitLooks(t, looks, time.Now().UnixMilli(), cfg.Node)
		p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", x, nil) })
		p.send(cfg, order(2*i), trade(2*i+1))
		harmed := time.Now().UnixMilli()
		awaitLooks(t, looks, harmed, cfg.Node)
		stream := p.stream(cfg.Stream)
		if i > 0 { // the first gap is another one
			first := slices.IndexFunc(stream, func(m stored) bool { return m.typ == "ranger.gap" })
			stream = stream[first+1:]
		}
		checkToldByNextLook(t, stream, harmed, event.GapBinding)
	}
}

// Markers come at every look.
func TestMarkers(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	awaitMarkers(t, newPeer(t, cfg.URL).follow(cfg.Stream), 3)
	if got := n.source.Status().State; got != amqp.Following {
		t.Errorf("state: got %v, want following", got)
	}
}
