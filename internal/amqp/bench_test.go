package amqp_test

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// BenchmarkRead reads a window of 100,000 messages, for as many users as a busy
// exchange has, with no session to wake: Orders of some 300 bytes, and Trades with
// both orders in them, of 800. cpu-ns/msg is what the process itself takes.
func BenchmarkRead(b *testing.B) {
	b.Run("orders", func(b *testing.B) { benchmarkRead(b, event.Order, benchOrder) })
	b.Run("trades", func(b *testing.B) { benchmarkRead(b, event.Trade, benchTrade) })
}

func benchmarkRead(b *testing.B, kind event.Kind, publishing func(i int) amqp091.Publishing) {
	const messages = 100_000
	cfg := newConfig(b, testenv.RabbitMQ(b))
	n := startNode(b, cfg)
	n.awaitFollowing(b)
	n.stop(b)
	p, exchange := newPeer(b, cfg.URL), cfg.Exchanges.Orders
	if kind == event.Trade {
		exchange = cfg.Exchanges.Trades
	}
	for i := range messages - 1 {
		if err := p.ch.PublishWithContext(b.Context(), exchange, "", false, false, publishing(i)); err != nil {
			b.Fatal(err)
		}
	}
	p.publish(exchange, "", publishing(messages-1)) // all before it are confirmed too
	b.ReportAllocs()
	var took time.Duration
	for i := 0; b.Loop(); i++ {
		cfg.Node = "node-" + strconv.Itoa(i)
		m := &tally{}
		n := newNodeWith(cfg, m)
		before := processorTime(b)
		n.run(b)
		n.awaitFollowing(b)
		b.StopTimer()
		took += processorTime(b) - before
		n.stop(b)
		if want := messages * (1 + int(kind-event.Order)); m.events != want {
			b.Fatalf("%d events were read, want %d", m.events, want)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(messages)*float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
	b.ReportMetric(float64(took)/float64(messages*b.N), "cpu-ns/msg")
}

const benchUsers = 1000

func benchOrder(i int) amqp091.Publishing {
	return amqp091.Publishing{
		Headers: amqp091.Table{"market": "btcusd", "member_uid": fmt.Sprintf("ID%010d", i%benchUsers)},
		Body: fmt.Appendf(nil, `{"id":%d,"side":"buy","ord_type":"limit","price":"3500.0","avg_price":"0.0","state":"wait",`+
			`"market_id":"btcusd","created_at":"2018-08-20T14:47:19Z","origin_volume":"0.5","trades_count":0,"note":%q}`, i, strings.Repeat("x", 100)),
	}
}

func benchTrade(i int) amqp091.Publishing {
	order := func(side string) string {
		return fmt.Sprintf(`{"id":%d,"side":%q,"ord_type":"limit","price":"3500.0","avg_price":"3500.0","state":"done","market_id":"btcusd",`+
			`"created_at":"2018-08-20T14:47:10Z","origin_volume":"0.0331","trades_count":1}`, i, side)
	}
	return amqp091.Publishing{
		Headers: amqp091.Table{
			"market":         "btcusd",
			"ask_member_uid": fmt.Sprintf("ID%010d", i%benchUsers),
			"bid_member_uid": fmt.Sprintf("ID%010d", (i+1)%benchUsers),
		},
		Body: fmt.Appendf(nil, `{"id":%d,"price":"3500.0","volume":"0.0331","funds":"115.85","market_id":"btcusd","created_at":"2018-08-20T14:47:19Z",`+
			`"ask_id":%[1]d,"bid_id":%[1]d,"ask_member_id":11,"bid_member_id":12,"ask":%s,"bid":%s}`, i, order("sell"), order("buy")),
	}
}

// processorTime returns what this process has taken of the processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
