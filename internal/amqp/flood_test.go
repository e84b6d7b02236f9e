package amqp_test

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// floodBatch is how many orders a flood has in flight.
const floodBatch = 20

// flood publishes numbered orders, a few at once, until it is stopped or the broker
// ends. It never publishes a number twice.
type flood struct {
	exchange string
	cancel   context.CancelFunc
	ended    chan struct{} // closed when it has ended

	// Owned by its goroutine; fixed once ended is closed.
	next      int   // the next number
	confirmed []int // those that the broker has confirmed and routed
}

// startFlood starts with the number first.
func startFlood(tb testing.TB, cfg amqp.Config, first int) *flood {
	tb.Helper()
	c, ch, returns := dialForFlood(tb, cfg)
	ctx, cancel := context.WithCancel(tb.Context())
	f := &flood{exchange: cfg.Exchanges.Orders, cancel: cancel, ended: make(chan struct{}), next: first}
	go func() {
		defer close(f.ended)
		defer c.Close()                              //nolint:errcheck // gone with the broker
		pace := time.NewTicker(5 * time.Millisecond) // others need the broker too
		defer pace.Stop()
		for ctx.Err() == nil && f.batch(ch, returns) {
			<-pace.C
		}
	}()
	tb.Cleanup(f.stop)
	return f
}

// dialForFlood returns a channel in confirm mode and its returned messages. The
// broker sends a return before the confirm of the same message.
func dialForFlood(tb testing.TB, cfg amqp.Config) (*amqp091.Connection, *amqp091.Channel, <-chan amqp091.Return) {
	tb.Helper()
	c, err := amqptest.Dial(cfg.URL)
	if err != nil {
		tb.Fatal(err)
	}
	ch, err := c.Channel()
	if err != nil {
		tb.Fatal(err)
	}
	if err := ch.Confirm(false); err != nil {
		tb.Fatal(err)
	}
	return c, ch, ch.NotifyReturn(make(chan amqp091.Return, floodBatch))
}

// batch publishes a few orders, and reports whether the broker confirmed and routed
// all of them.
func (f *flood) batch(ch *amqp091.Channel, returns <-chan amqp091.Return) bool {
	var confirms []*amqp091.DeferredConfirmation
	first := f.next
	for range floodBatch {
		confirm, err := publishNumber(ch, f.exchange, f.next)
		f.next++
		if err != nil {
			break
		}
		confirms = append(confirms, confirm)
	}
	var taken []int
	for i, confirm := range confirms {
		if confirm.Wait() {
			taken = append(taken, first+i)
		}
	}
	for {
		select {
		case r, ok := <-returns:
			if ok {
				taken = slices.DeleteFunc(taken, func(n int) bool { return strconv.Itoa(n) == r.MessageId })
				continue
			}
		default:
		}
		f.confirmed = append(f.confirmed, taken...)
		return len(taken) == floodBatch
	}
}

func publishNumber(ch *amqp091.Channel, exchange string, number int) (*amqp091.DeferredConfirmation, error) {
	msg := amqptest.Publishing(order(number))
	msg.MessageId = strconv.Itoa(number)
	const mandatory = true
	return ch.PublishWithDeferredConfirm(exchange, "", mandatory, false, msg)
}

// publishAgain publishes once more, with the same ids, what was not confirmed.
func (f *flood) publishAgain(tb testing.TB, cfg amqp.Config) {
	tb.Helper()
	c, ch, returns := dialForFlood(tb, cfg)
	defer c.Close() //nolint:errcheck // nothing depends on it
	ctx, cancel := context.WithTimeout(tb.Context(), testenv.Patience)
	defer cancel()
	for number := range f.next {
		if slices.Contains(f.confirmed, number) {
			continue
		}
		confirm, err := publishNumber(ch, f.exchange, number)
		if err != nil {
			tb.Fatalf("publish %d again: %v", number, err)
		}
		if ok, err := confirm.WaitContext(ctx); err != nil || !ok || len(returns) > 0 {
			tb.Fatalf("publish %d again: confirmed %t, returned %t, error %v", number, ok, len(returns) > 0, err)
		}
	}
}

// stop ends the flood. Afterwards next and confirmed may be read.
func (f *flood) stop() {
	f.cancel()
	<-f.ended
}

var number = regexp.MustCompile(`"id":(\d+),`)

// numbers returns the numbers of orders and trades.
func numbers(tb testing.TB, entries []journal.Entry) []int {
	tb.Helper()
	var all []int
	for _, e := range entries {
		m := number.FindSubmatch(e.Message)
		if m == nil {
			tb.Fatalf("got message %s, want one with an id", e.Message)
		}
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// checkNumbers checks that each number comes once and in order, and that none of want
// is missing.
func checkNumbers(tb testing.TB, got, want []int) {
	tb.Helper()
	for i := range got[1:] {
		if got[i+1] <= got[i] {
			tb.Errorf("got %d after %d, want ascending numbers", got[i+1], got[i])
		}
	}
	missing := slices.DeleteFunc(slices.Clone(want), func(n int) bool {
		_, found := slices.BinarySearch(got, n)
		return found
	})
	if len(missing) > 0 {
		tb.Errorf("got %d of %d confirmed messages, want all; the first missing one is %d", len(want)-len(missing), len(want), missing[0])
	}
}

// checkConsecutive checks that no number is missing in between.
func checkConsecutive(tb testing.TB, got []int) {
	tb.Helper()
	for i := range got[1:] {
		if got[i+1] != got[i]+1 {
			tb.Errorf("got %d after %d, want %d", got[i+1], got[i], got[i]+1)
		}
	}
}
