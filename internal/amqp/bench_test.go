package amqp_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// BenchmarkRead reads a window of 100,000 messages of some 300 bytes, for as
// many users as a busy exchange has, with no session to wake.
func BenchmarkRead(b *testing.B) {
	const messages, users = 100_000, 1000
	cfg := newConfig(b, sharedURL(b))
	n := startNode(b, cfg)
	n.awaitFollowing(b)
	n.stop(b)
	p := newPeer(b, cfg.URL)
	padding := strings.Repeat("x", 100)
	for i := range messages {
		d := amqp091.Publishing{
			Headers: amqp091.Table{"market": "btcusd", "member_uid": fmt.Sprintf("ID%010d", i%users)},
			Body: fmt.Appendf(nil, `{"id":%d,"side":"buy","ord_type":"limit","price":"3500.0","avg_price":"0.0","state":"wait",`+
				`"market_id":"btcusd","created_at":"2018-08-20T14:47:19Z","origin_volume":"0.5","trades_count":0,"note":%q}`, i, padding),
		}
		if i == messages-1 {
			p.publish(cfg.Exchanges.Orders, "", d) // all before it are confirmed too
			break
		}
		if err := p.ch.PublishWithContext(b.Context(), cfg.Exchanges.Orders, "", false, false, d); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		cfg.Node = "node-" + strconv.Itoa(i)
		m := &tally{}
		n := newNodeWith(cfg, m)
		n.run(b)
		n.awaitFollowing(b)
		b.StopTimer()
		n.stop(b)
		if m.events != messages {
			b.Fatalf("%d events were read, want %d", m.events, messages)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(messages)*float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
}

// tally is a Metrics that keeps a number alone. It is read when the node has
// been stopped.
type tally struct {
	counted
	events int
}

func (t *tally) Event(event.Kind)  { t.events++ }
func (*tally) Retried()            {}
func (*tally) Gap(event.GapReason) {}
