package amqp_test

import (
	"errors"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// lastLook returns when the last node looked that said so in the stream.
func lastLook(tb testing.TB, stream []stored) (looked int64) {
	tb.Helper()
	for _, body := range markersOf(stream) {
		looked = max(looked, readLooked(tb, body).Looked)
	}
	return looked
}

// recordsOf returns the gaps that stand in a stream.
func recordsOf(tb testing.TB, stream []stored) (gaps []event.Gap) {
	tb.Helper()
	for _, m := range stream {
		if m.exchange == "" && m.typ == "ranger.gap" {
			g, err := event.ParseGap([]byte(m.body))
			if err != nil {
				tb.Errorf("%s: %v", m.body, err)
			}
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// I2: what happened while no node looked, and what a node that ended amid its
// mending has left, is told by the next one before it follows, once, from the last
// look of the others on.
func TestGapFoundAtStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want event.GapReason
		harm func(p *peer, cfg amqp.Config)
	}{
		{"no canary", event.GapExchange, func(p *peer, cfg amqp.Config) {
			p.must("delete", func(ch *amqp091.Channel) error {
				return ch.ExchangeDelete(canary(cfg, cfg.Exchanges.Orders), false, false)
			})
		}},
		{"no exchange", event.GapExchange, func(p *peer, cfg amqp.Config) {
			p.must("delete", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(cfg.Exchanges.Orders, false, false) })
		}},
		{"another exchange", event.GapExchange, func(p *peer, cfg amqp.Config) {
			p.must("delete", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(cfg.Exchanges.Orders, false, false) })
			p.declare(cfg.Exchanges.Orders, "fanout", true, false)
			p.send(cfg, order(1))
		}},
		{"no binding", event.GapBinding, func(p *peer, cfg amqp.Config) {
			p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Orders, nil) })
			p.send(cfg, order(1))
		}},
		{"no binding, no canary", event.GapExchange, func(p *peer, cfg amqp.Config) {
			p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Orders, nil) })
			p.send(cfg, order(1)) // which the witness has
			p.must("delete", func(ch *amqp091.Channel) error {
				return ch.ExchangeDelete(canary(cfg, cfg.Exchanges.Orders), false, false)
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t, testenv.RabbitMQ(t))
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			p := newPeer(t, cfg.URL)
			p.send(cfg, order(0), trade(0))
			n.stop(t)
			looked := lastLook(t, p.stream(cfg.Stream))
			if looked == 0 {
				t.Fatal("no marker says when the node looked")
			}
			c.harm(p, cfg)

			for range 2 { // the second one finds all well
				cfg.Node = "node-b"
				n = newNode(cfg)
				alices := n.follow(t)
				n.run(t)
				n.awaitFollowing(t)
				gaps, _ := gapsIn(t, alices.read(t))
				if len(gaps) != 1 {
					t.Fatalf("gaps %v, want one", gaps)
				}
				if g := gaps[0]; g.Reason != c.want || g.From != looked || g.To < g.From || g.To > time.Now().UnixMilli() {
					t.Errorf("gap %+v, want %s from %d until a moment ago", g, c.want, looked)
				}
				p.send(cfg, order(2))
				alices.await(t, idText(2))
				n.stop(t)
			}
			if gaps := recordsOf(t, p.stream(cfg.Stream)); len(gaps) != 1 {
				t.Errorf("the stream has the gaps %v, want one", gaps)
			}
		})
	}
}

// Where no node has said when it looked, a gap begins with the window; there is
// none where no node can have been there before.
func TestGapWithoutLooks(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	p.queue(cfg.Stream, true, amqp091.Table{"x-queue-type": "stream"})
	p.publish("", cfg.Stream, amqp091.Publishing{Body: []byte("the first")})
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	if got := n.metrics.gaps.count(func(event.GapReason) bool { return true }); got != 0 {
		t.Errorf("%d gaps were told in a stream that is new", got)
	}
	p.must("delete", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(cfg.Exchanges.Orders, false, false) })
	n.stop(t)
	n = startNode(t, cfg)
	n.awaitFollowing(t)
	if got := n.metrics.gaps.count(func(event.GapReason) bool { return true }); got != 1 {
		t.Errorf("%d gaps were told though a node has looked, want 1", got)
	}

	cfg = newConfig(t, testenv.RabbitMQ(t))
	smallSegments(p, cfg, 40_000)
	for i := range 1000 {
		d := order(i)
		if err := p.ch.PublishWithContext(t.Context(), "", cfg.Stream, false, false, amqp091.Publishing{Headers: d.Headers, Body: d.Body}); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 { // a segment takes what is stored at once
			p.publish("", cfg.Stream, amqp091.Publishing{Body: []byte("confirmed")})
		}
	}
	p.publish("", cfg.Stream, amqp091.Publishing{Body: []byte("the last")})
	n = newNode(cfg)
	alices := n.follow(t)
	began := time.Now()
	n.run(t)
	n.awaitFollowing(t)
	if first, _ := n.journal.First(); first.Offset == 0 {
		t.Fatal("the stream has not been trimmed: the test shows nothing")
	}
	gaps, _ := gapsIn(t, alices.read(t))
	if len(gaps) == 0 {
		t.Fatal("no gap was told")
	}
	window := (15 * time.Minute).Milliseconds()
	if g := gaps[0]; g.From < began.UnixMilli()-window || g.From > g.To-window || g.To > time.Now().UnixMilli() {
		t.Errorf("gap %+v, want one that begins 15m before a look since %d and ends with that", g, began.UnixMilli())
	}
}

// What one who asked the witness did not judge is there for the next one, who may
// have found nothing meanwhile.
func TestWitnessIsNotUsedUp(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	n.stop(t)
	p := newPeer(t, cfg.URL)
	p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Orders, nil) })
	p.send(cfg, order(1))

	dying := newPeer(t, cfg.URL)
	asked, died := make(chan struct{}), make(chan error)
	go func() {
		died <- amqp.Ask(dying.conn, cfg, unlimited(), func([]byte) error {
			asked <- struct{}{}
			<-asked
			return errors.New("it died")
		})
	}()
	<-asked
	cfg.LookEvery = soon
	b := startNode(t, cfg)
	b.awaitFollowing(t) // it finds the witness empty
	asked <- struct{}{}
	if err := <-died; err == nil {
		t.Error("what the judge says is lost")
	}
	b.metrics.gaps.await(t, "a gap", 0, func(r event.GapReason) bool { return r == event.GapBinding })
}
