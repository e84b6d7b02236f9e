package amqp_test

import (
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
)

// lastChecked returns when node-a last checked, as its markers in the stream say, Unix
// ms.
func lastChecked(tb testing.TB, stream []amqptest.Stored) (checked int64) {
	tb.Helper()
	for _, body := range markersOf(stream) {
		checked = max(checked, parseChecked(tb, body).Checked)
	}
	return checked
}

// gapRecords returns the gaps in a stream.
func gapRecords(tb testing.TB, stream []amqptest.Stored) (gaps []event.Gap) {
	tb.Helper()
	for _, m := range stream {
		if m.Exchange == "" && m.Type == gapType {
			g, err := event.ParseGap([]byte(m.Body))
			if err != nil {
				tb.Errorf("%s: %v", m.Body, err)
			}
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// I2: what happened while no node checked, and what a node that ended during a repair
// has left, is announced by the next node before it follows, once, from the last check
// of the others on.
func TestGuard_AnnouncesAtStartWhatHappenedBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		want  event.GapReason
		fault func(p *amqptest.Peer, cfg amqp.Config)
	}{
		{"no canary", event.GapExchange, func(p *amqptest.Peer, cfg amqp.Config) {
			p.DeleteExchange(amqptest.Canary(cfg.Config, cfg.Exchanges.Orders))
		}},
		{"no exchange", event.GapExchange, func(p *amqptest.Peer, cfg amqp.Config) {
			p.DeleteExchange(cfg.Exchanges.Orders)
		}},
		{"another exchange", event.GapExchange, func(p *amqptest.Peer, cfg amqp.Config) {
			p.DeleteExchange(cfg.Exchanges.Orders)
			p.DeclareExchange(cfg.Exchanges.Orders, "fanout", true, false)
			p.Send(cfg.Exchanges, order(1))
		}},
		{"no binding", event.GapBinding, func(p *amqptest.Peer, cfg amqp.Config) {
			p.Unbind(cfg.Stream, cfg.Exchanges.Orders)
			p.Send(cfg.Exchanges, order(1))
		}},
		{"no binding, no canary", event.GapExchange, func(p *amqptest.Peer, cfg amqp.Config) {
			p.Unbind(cfg.Stream, cfg.Exchanges.Orders)
			p.Send(cfg.Exchanges, order(1)) // which the probe has
			p.DeleteExchange(amqptest.Canary(cfg.Config, cfg.Exchanges.Orders))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t)
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			p := amqptest.NewPeer(t, cfg.URL)
			p.Send(cfg.Exchanges, order(0), trade(0))
			n.stop(t)
			checked := lastChecked(t, p.Stream(cfg.Stream))
			if checked == 0 {
				t.Fatal("got no marker that says when its node checked, want one")
			}
			c.fault(p, cfg)

			for range 2 { // the second one finds everything in order
				cfg.Node = "node-b"
				n = newNode(cfg)
				alices := n.tapWithGaps(t)
				n.run(t)
				n.awaitFollowing(t)
				gaps, _ := gapsIn(t, alices.read(t))
				if len(gaps) != 1 {
					t.Fatalf("got the gaps %v, want one", gaps)
				}
				if g := gaps[0]; g.Reason != c.want || g.From != checked || g.To < g.From || g.To > time.Now().UnixMilli() {
					t.Errorf("got gap %+v, want %s from %d until a moment ago", g, c.want, checked)
				}
				p.Send(cfg.Exchanges, order(2))
				alices.await(t, idText(2))
				n.stop(t)
			}
			if gaps := gapRecords(t, p.Stream(cfg.Stream)); len(gaps) != 1 {
				t.Errorf("got the gaps %v in the stream, want one", gaps)
			}
		})
	}
}

// If no node has said when it checked, a gap begins with the window. There is no gap
// if no node can have checked before.
func TestGuard_GapWithoutEarlierChecks(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	p.DeclareStream(cfg.Stream, nil)
	p.Publish("", cfg.Stream, amqp091.Publishing{Body: []byte("the first")})
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	if got := n.metrics.gaps.total(); got != 0 {
		t.Errorf("got %d gaps in a new stream, want none", got)
	}
	p.DeleteExchange(cfg.Exchanges.Orders)
	n.stop(t)
	n = startNode(t, cfg)
	n.awaitFollowing(t)
	if got := n.metrics.gaps.total(); got != 1 {
		t.Errorf("got %d gaps after a node has checked, want 1", got)
	}

	cfg = newConfig(t)
	smallSegments(t, p, cfg, 40_000)
	for i := range 1000 {
		d := order(i)
		p.Post("", cfg.Stream, d)
		if i%50 == 0 { // what is stored at once comes into one segment
			p.Publish("", cfg.Stream, amqp091.Publishing{Body: []byte("confirmed")})
		}
	}
	p.Publish("", cfg.Stream, amqp091.Publishing{Body: []byte("the last")})
	n = newNode(cfg)
	alices := n.tapWithGaps(t)
	began := time.Now()
	n.run(t)
	n.awaitFollowing(t)
	if first, _ := n.journal.First(); first.Offset == 0 {
		t.Fatal("the stream has dropped nothing: the test shows nothing")
	}
	gaps, _ := gapsIn(t, alices.read(t))
	if len(gaps) == 0 {
		t.Fatal("got no gap, want one")
	}
	window := (15 * time.Minute).Milliseconds()
	if g := gaps[0]; g.From < began.UnixMilli()-window || g.From > g.To-window || g.To > time.Now().UnixMilli() {
		t.Errorf("got gap %+v, want one that begins 15m before a check since %d and ends with that", g, began.UnixMilli())
	}
}
