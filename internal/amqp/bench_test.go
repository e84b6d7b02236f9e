package amqp_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
)

// BenchmarkRead reads a window of 100,000 messages with both kinds of deliveries, for
// as many users as a busy exchange has, without sessions: Orders of some 300 bytes, and
// Trades with both orders in them, of 800. cpu-ns/msg is the CPU time of this process.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name       string
		kind       event.Kind
		publishing func(i int) amqp091.Publishing
	}{{"orders", event.Order, benchOrder}, {"trades", event.Trade, benchTrade}} {
		b.Run(c.name, func(b *testing.B) {
			cfg := newConfig(b)
			fillForBench(b, cfg, c.kind, c.publishing)
			b.Run("fast", func(b *testing.B) { benchmarkRead(b, cfg, c.kind) })
			b.Run("portable", func(b *testing.B) { benchmarkRead(b, withPortable(cfg), c.kind) })
		})
	}
}

const benchMessages = 100_000

func fillForBench(b *testing.B, cfg amqp.Config, kind event.Kind, publishing func(i int) amqp091.Publishing) {
	b.Helper()
	startAndStop(b, cfg)
	p, exchange := amqptest.NewPeer(b, cfg.URL), cfg.Exchanges.Of(kind).Name
	for i := range benchMessages - 1 {
		if err := p.Channel.PublishWithContext(b.Context(), exchange, "", false, false, publishing(i)); err != nil {
			b.Fatal(err)
		}
	}
	p.Publish(exchange, "", publishing(benchMessages-1)) // all before it are confirmed too
}

func benchmarkRead(b *testing.B, cfg amqp.Config, kind event.Kind) {
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
		if want := benchMessages * (1 + int(kind-event.Order)); m.events != want {
			b.Fatalf("got %d events, want %d", m.events, want)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(benchMessages)*float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
	b.ReportMetric(float64(took)/float64(benchMessages*b.N), "cpu-ns/msg")
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

// tally is a Metrics that only counts events. Read it when the node has been stopped.
type tally struct {
	counted
	events int
}

func (t *tally) Event(event.Kind)  { t.events++ }
func (*tally) Retried()            {}
func (*tally) Gap(event.GapReason) {}
