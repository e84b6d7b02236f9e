package amqp_test

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/journal"
)

// flood publishes numbered orders, a few at once, until it is told to stop or
// the broker goes. It never publishes a number twice.
type flood struct {
	cancel    context.CancelFunc
	ended     chan struct{}
	next      int   // the number to go on with
	confirmed []int // what the broker has taken; both are for whoever has seen ended
}

func startFlood(tb testing.TB, cfg amqp.Config, first int) *flood {
	tb.Helper()
	p, err := amqp.NewPublisherWithin(tb.Context(), cfg.URL, cfg.Exchanges, unlimited())
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	f := &flood{cancel: cancel, ended: make(chan struct{}), next: first}
	go func() {
		defer close(f.ended)
		defer p.Close()
		pace := time.NewTicker(5 * time.Millisecond) // others need the broker too
		defer pace.Stop()
		for ctx.Err() == nil && f.batch(p) {
			<-pace.C
		}
	}()
	tb.Cleanup(func() { f.stop() })
	return f
}

// batch publishes a few orders and tells whether the broker took them all.
func (f *flood) batch(p *amqp.Publisher) bool {
	var receipts []amqp.Receipt
	first := f.next
	for range 20 {
		r, err := p.Publish(context.Background(), order(f.next), strconv.Itoa(f.next))
		f.next++
		if err != nil {
			break
		}
		receipts = append(receipts, r)
	}
	taken := 0
	for i, r := range receipts {
		if r.Wait(context.Background()) == nil {
			f.confirmed = append(f.confirmed, first+i)
			taken++
		}
	}
	return taken == 20
}

// again publishes what has not been confirmed once more, with the same ids.
func (f *flood) again(tb testing.TB, cfg amqp.Config) {
	tb.Helper()
	p, err := amqp.NewPublisherWithin(tb.Context(), cfg.URL, cfg.Exchanges, unlimited())
	if err != nil {
		tb.Fatal(err)
	}
	defer p.Close()
	for number := range f.next {
		if slices.Contains(f.confirmed, number) {
			continue
		}
		r, err := p.Publish(tb.Context(), order(number), strconv.Itoa(number))
		if err == nil {
			err = r.Wait(tb.Context())
		}
		if err != nil {
			tb.Fatalf("publish %d again: %v", number, err)
		}
	}
}

// stop ends the flood. Afterwards its numbers may be read.
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
			tb.Fatalf("no number in %s", e.Message)
		}
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// checkNumbers checks that each comes once and in order, and none of those
// confirmed is missing.
func checkNumbers(tb testing.TB, got, confirmed []int) {
	tb.Helper()
	for i := range got[1:] {
		if got[i+1] <= got[i] {
			tb.Errorf("%d came after %d", got[i+1], got[i])
		}
	}
	missing := slices.DeleteFunc(slices.Clone(confirmed), func(n int) bool {
		_, found := slices.BinarySearch(got, n)
		return found
	})
	if len(missing) > 0 {
		tb.Errorf("%d of %d confirmed messages did not come, the first is %d", len(missing), len(confirmed), missing[0])
	}
}
