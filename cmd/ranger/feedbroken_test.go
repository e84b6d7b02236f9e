package main_test

import (
	"encoding/json"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/testenv"
)

// TestFeedBroken breaks the exchanges, bindings and the stream under load, each in turn:
// the gap is announced to clients, and delivery resumes. At full load that takes at most
// 10 s.
func TestFeedBroken(t *testing.T) {
	l := newLoad(t)
	c := newCluster(t, testenv.RabbitMQ(t), 2)
	do := func(what string, f func(*amqp091.Channel) error) {
		ch, err := c.conn.Channel()
		check(t, err)
		defer ch.Close() //nolint:errcheck // the test continues
		t.Log(what)
		check(t, f(ch))
	}
	breaks := []struct {
		what string
		f    func(*amqp091.Channel) error
	}{
		{"exchange deleted", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(c.orders, false, false) }},
		{"exchange deleted and declared anew", func(ch *amqp091.Channel) error {
			if err := ch.ExchangeDelete(c.trades, false, false); err != nil {
				return err
			}
			return ch.ExchangeDeclare(c.trades, amqp091.ExchangeHeaders, false, false, false, false, nil)
		}},
		{"binding removed", func(ch *amqp091.Channel) error { return ch.QueueUnbind(c.stream, "", c.orders, nil) }},
		{"stream deleted", func(ch *amqp091.Channel) error {
			_, err := ch.QueueDelete(c.stream, false, false, false)
			return err
		}},
	}
	cfg := l.config()
	cfg.NoRetry = true
	a := c.audit(cfg)
	s := dial(t, c.nodes[0].process, nil)
	s.send(`{"jwt":"Bearer ` + c.token(alice) + `","resume":true}`)
	for _, b := range breaks {
		c.pass(l.every)
		do(b.what, b.f)
		broken := time.Now()
		s.awaitGap(broken)
		took := time.Since(broken)
		t.Logf("%s: announced after %v", b.what, took.Round(time.Millisecond))
		if *soak && took > 10*time.Second {
			t.Errorf("%s: got the gap after %v, want at most 10 s", b.what, took)
		}
	}
	c.pass(l.every)
	wantAnnounced(t, a.end())
}

// awaitGap reads until a gap arrives that ends after the given time.
func (s *socket) awaitGap(after time.Time) {
	s.t.Helper()
	for {
		var m struct {
			Gap struct{ To int64 }
		}
		check(s.t, json.Unmarshal([]byte(s.read()), &m))
		if m.Gap.To >= after.UnixMilli() {
			return
		}
	}
}
