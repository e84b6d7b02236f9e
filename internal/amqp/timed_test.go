package amqp_test

import (
	"context"
	"slices"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// timedPublisher publishes numbered orders one by one, whatever happens to their
// exchange, and remembers when each was confirmed.
type timedPublisher struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed when it has ended
	ch     *amqp091.Channel
	sent   []confirmed // owned by its goroutine; fixed once ended is closed
}

// confirmed is an order that the broker took between two times, Unix ms.
type confirmed struct {
	number       int
	begun, taken int64
}

func startTimedPublisher(tb testing.TB, cfg amqp.Config, pace time.Duration) *timedPublisher {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	p := &timedPublisher{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for number := 0; ctx.Err() == nil; {
			// RabbitMQ 3.10 may close a connection that publishes while a stream is
			// deleted.
			c, err := amqptest.Dial(cfg.URL)
			if err != nil {
				tb.Error(err)
				return
			}
			for ; ctx.Err() == nil && !c.IsClosed(); number++ {
				p.publish(c, cfg.Exchanges.Orders, number)
				<-tick.C
			}
			_ = c.Close()
		}
	}()
	tb.Cleanup(p.stop)
	return p
}

// publish publishes an order. It opens a channel if there is none: the broker closes
// it if the exchange does not exist.
func (p *timedPublisher) publish(c *amqp091.Connection, exchange string, number int) {
	if p.ch == nil || p.ch.IsClosed() {
		var err error
		if p.ch, err = c.Channel(); err != nil || p.ch.Confirm(false) != nil {
			p.ch = nil
			return
		}
	}
	begun := time.Now().UnixMilli()
	confirm, err := p.ch.PublishWithDeferredConfirm(exchange, "", false, false, amqptest.Publishing(order(number)))
	if err == nil && confirm.Wait() {
		p.sent = append(p.sent, confirmed{number, begun, time.Now().UnixMilli()})
	}
}

// stop stops publishing. Afterwards sent may be read.
func (p *timedPublisher) stop() {
	p.cancel()
	<-p.ended
}

// checkGapFirst checks that a gap precedes all orders sent after a time, Unix ms.
func (p *timedPublisher) checkGapFirst(tb testing.TB, entries []journal.Entry, after int64) {
	tb.Helper()
	i := slices.IndexFunc(p.sent, func(d confirmed) bool { return d.begun > after })
	if i < 0 {
		return // the gap came at once
	}
	gap := slices.IndexFunc(entries, func(e journal.Entry) bool { return e.Kind == event.Announcement })
	for _, n := range numbers(tb, entries[:max(0, gap)]) {
		if n >= p.sent[i].number {
			tb.Errorf("got order %d of the new stream before the gap, want it after", n)
		}
	}
	if gap < 0 {
		tb.Error("got no gap, want one")
	}
}

// lost returns the orders that the broker took and that are not among got.
func lost(sent []confirmed, got []int) []confirmed {
	return slices.DeleteFunc(slices.Clone(sent), func(d confirmed) bool {
		_, found := slices.BinarySearch(got, d.number)
		return found
	})
}
