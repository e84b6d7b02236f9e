package amqp_test

import (
	"context"
	"slices"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// trader publishes numbered orders one by one, whatever becomes of its
// exchange, and knows of each that was confirmed when that was.
type trader struct {
	cancel context.CancelFunc
	ended  chan struct{}
	ch     *amqp091.Channel
	sent   []dispatch // both are for whoever has seen ended
}

// dispatch is an order that the broker has taken, somewhen between two times.
type dispatch struct {
	number       int
	begun, taken int64 // Unix ms
}

func startTrader(tb testing.TB, cfg amqp.Config, pace time.Duration) *trader {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	t := &trader{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for number := 0; ctx.Err() == nil; {
			// RabbitMQ 3.10 may end the connection of one who publishes while a
			// stream is deleted.
			c, err := dialPatiently(cfg.URL)
			if err != nil {
				tb.Error(err)
				return
			}
			for ; ctx.Err() == nil && !c.IsClosed(); number++ {
				t.publish(c, cfg.Exchanges.Orders, number)
				<-tick.C
			}
			_ = c.Close()
		}
	}()
	tb.Cleanup(t.stop)
	return t
}

// publish opens a channel where there is none: it has been closed where the
// exchange was not there.
func (t *trader) publish(c *amqp091.Connection, exchange string, number int) {
	if t.ch == nil || t.ch.IsClosed() {
		var err error
		if t.ch, err = c.Channel(); err != nil || t.ch.Confirm(false) != nil {
			t.ch = nil
			return
		}
	}
	d, begun := order(number), time.Now().UnixMilli()
	confirm, err := t.ch.PublishWithDeferredConfirm(exchange, "", false, false, amqp091.Publishing{Headers: d.Headers, Body: d.Body})
	if err == nil && confirm.Wait() {
		t.sent = append(t.sent, dispatch{number, begun, time.Now().UnixMilli()})
	}
}

// stop ends the trader. Afterwards what it sent may be read.
func (t *trader) stop() {
	t.cancel()
	<-t.ended
}

// checkToldFirst checks that a gap comes before all that was sent after a time, Unix
// ms.
func (t *trader) checkToldFirst(tb testing.TB, entries []journal.Entry, after int64) {
	tb.Helper()
	i := slices.IndexFunc(t.sent, func(d dispatch) bool { return d.begun > after })
	if i < 0 {
		return // the gap came at once
	}
	gap := slices.IndexFunc(entries, func(e journal.Entry) bool { return e.Kind == event.Announcement })
	for _, n := range numbers(tb, entries[:max(0, gap)]) {
		if n >= t.sent[i].number {
			tb.Errorf("order %d of the stream that was made anew came before the gap", n)
		}
	}
	if gap < 0 {
		tb.Error("there is no gap")
	}
}

// lost returns what the broker has taken and is not among these numbers.
func (t *trader) lost(got []int) []dispatch {
	return slices.DeleteFunc(slices.Clone(t.sent), func(d dispatch) bool {
		_, found := slices.BinarySearch(got, d.number)
		return found
	})
}
