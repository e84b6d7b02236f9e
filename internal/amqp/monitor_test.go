package amqp_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

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
			if d.Exchange == "" && d.Type == markerType && strings.Contains(string(d.Body), `"node":"node-a"`) {
				count--
			}
		case <-timeout:
			tb.Fatalf("want %d more markers of node-a", count)
		}
	}
}

// checkedAt is what a marker says about the last check of its node.
type checkedAt struct {
	Node string
	// Checked is when the node began to check, and found or made everything in order,
	// Unix ms.
	Checked int64 `json:"looked"`
}

func parseChecked(tb testing.TB, body string) (c checkedAt) {
	tb.Helper()
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		tb.Fatalf("%s: %v", body, err)
	}
	return c
}

// saysChecked returns whether a marker says when its node checked.
func saysChecked(exchange, typ, body string) bool {
	return exchange == "" && typ == markerType && strings.Contains(body, `"looked"`)
}

// awaitChecks waits until each of the nodes has said that it began a check after a
// time, Unix ms.
func awaitChecks(tb testing.TB, deliveries <-chan amqp091.Delivery, after int64, nodes ...string) {
	tb.Helper()
	timeout := time.After(testenv.Patience)
	for len(nodes) > 0 {
		select {
		case d := <-deliveries:
			if err := d.Ack(false); err != nil {
				tb.Fatal(err)
			}
			if !saysChecked(d.Exchange, d.Type, string(d.Body)) {
				continue
			}
			if c := parseChecked(tb, string(d.Body)); c.Checked > after {
				nodes = slices.DeleteFunc(nodes, func(name string) bool { return name == c.Node })
			}
		case <-timeout:
			tb.Fatalf("want a marker of each of %v that says that it has checked", nodes)
		}
	}
}

// checkFoundByNextCheck checks that the gap that a fault has left is stored in the
// stream before any marker of a check that began after the fault: so the next check
// announced it.
func checkFoundByNextCheck(tb testing.TB, stream []amqptest.Stored, fault int64, want event.GapReason) {
	tb.Helper()
	checks, announced := 0, false
	for _, m := range stream {
		switch {
		case m.Exchange != "":
		case m.Type == gapType:
			announced = announced || strings.Contains(m.Body, string(want))
		case saysChecked(m.Exchange, m.Type, m.Body):
			if c := parseChecked(tb, m.Body); c.Checked > fault {
				checks++
				if !announced {
					tb.Errorf("%s checked %d ms after the fault: got no gap before its marker, want one with reason %q", c.Node, c.Checked-fault, want)
				}
			}
		}
	}
	if checks == 0 {
		tb.Error("no node has checked since the fault: the test shows nothing")
	}
}

func TestGuard_DeclaresDeletedExchange(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.CheckInterval = soon
	n, alices, p := setUp(t, cfg)
	missing := func(name string) func(line) bool {
		return func(l line) bool { return says("exchange was missing")(l) && l.attrs["exchange"] == name }
	}
	names := []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades}
	for i, name := range names {
		other := missing(names[1-i])
		before := n.log.count(other)
		p.DeleteExchange(name)
		// It may be missing once more: RabbitMQ reports that it has declared an
		// exchange, and has not, while the deletion of one with that name is not over.
		_, n.mark = n.log.await(t, "the log line that "+name+" was missing", n.mark, missing(name))
		awaitMarkers(t, p.Follow(cfg.Stream), 2) // it is bound before the second is sent
		p.Send(cfg.Exchanges, order(2*i), trade(2*i+1))
		alices.await(t, idText(2*i+1))
		if got := n.log.count(other) - before; got != 0 {
			t.Errorf("got %d log lines that %s was missing, want none", got, names[1-i])
		}
	}
	if got := len(alices.read(t)); got != 4 {
		t.Errorf("got %d events of alice, want 4", got)
	}
}

// A removed binding is found by the next check after a message that it did not take.
func TestGuard_FindsRemovedBindingAtNextCheck(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.CheckInterval = soon
	_, _, p := setUp(t, cfg)
	markers := p.Follow(cfg.Stream)
	for i, x := range []string{cfg.Exchanges.Orders, cfg.Exchanges.Trades} {
		awaitChecks(t, markers, time.Now().UnixMilli(), cfg.Node)
		p.Unbind(cfg.Stream, x)
		p.Send(cfg.Exchanges, order(2*i), trade(2*i+1))
		fault := time.Now().UnixMilli()
		awaitChecks(t, markers, fault, cfg.Node)
		stream := p.Stream(cfg.Stream)
		if i > 0 { // the first gap is of the other exchange
			first := slices.IndexFunc(stream, func(m amqptest.Stored) bool { return m.Type == gapType })
			stream = stream[first+1:]
		}
		checkFoundByNextCheck(t, stream, fault, event.GapBinding)
	}
}

func TestMonitor_WritesMarkerAtEachCheck(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.CheckInterval = soon
	n, _, p := setUp(t, cfg)
	awaitMarkers(t, p.Follow(cfg.Stream), 3)
	if got := n.source.Status().State; got != amqp.Following {
		t.Errorf("got state %v, want %v", got, amqp.Following)
	}
}

// The first caller of CatchUp is answered at once, any other 50 ms after the one
// before it.
func TestMonitor_HoldsBackAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		holdBack := amqp.NewHoldBack()
		for i, c := range []struct{ pause, want time.Duration }{
			{0, 0},
			{0, 50 * time.Millisecond},
			{0, 50 * time.Millisecond},
			{30 * time.Millisecond, 20 * time.Millisecond},
			{50 * time.Millisecond, 0},
			{time.Hour, 0},
			{0, 50 * time.Millisecond},
		} {
			<-time.After(c.pause)
			begin := time.Now()
			if err := holdBack(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(begin); got != c.want {
				t.Errorf("answer %d after a pause of %v: held back for %v, want %v", i, c.pause, got, c.want)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if err := holdBack(ctx); !errors.Is(err, context.Canceled) || time.Since(begin) != 0 {
			t.Errorf("with a context that has ended: got %v after %v, want %v at once", err, time.Since(begin), context.Canceled)
		}
	})
}
