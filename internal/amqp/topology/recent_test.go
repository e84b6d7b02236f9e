package topology_test

import (
	"testing"

	"ranger/internal/amqp/topology"
	"ranger/internal/event"
)

// Recent has the newest messages of each exchange, and counts all.
func TestRecent_HasTheNewestOfEachExchange(t *testing.T) {
	t.Parallel()
	const limit = 1 << 18 // checks are 5 s apart, and an exchange routes 50,000 messages/s at most
	const more = 100
	var r topology.Recent
	want := func(kind event.Kind, check uint32, want bool) {
		t.Helper()
		if got := r.Has(kind, check); got != want {
			t.Errorf("after %d messages: Has(%v, %d) = %t, want %t", r.Count(kind), kind, check, got, want)
		}
	}
	wantCount := func(kind event.Kind, count uint64, last int64) {
		t.Helper()
		if got, at := r.Count(kind), r.Last(kind); got != count || at != last {
			t.Errorf("%v: got %d messages, the last at %d, want %d, at %d", kind, got, at, count, last)
		}
	}
	r.Add(event.Trade, 7, 70)
	for i := range uint32(limit) {
		r.Add(event.Order, i+8, int64(i))
	}
	want(event.Order, 8, true)
	want(event.Order, 8+limit-1, true)
	for lap := range uint32(2) { // each replaces the oldest
		from := limit + lap*more
		for i := range uint32(more) {
			r.Add(event.Order, 8+from+i, int64(from+i))
		}
		next := from + more
		want(event.Order, 8+next-limit-1, false)
		want(event.Order, 8+next-limit, true)
		want(event.Order, 8+next-1, true)
		wantCount(event.Order, uint64(next), int64(next-1))
	}
	want(event.Trade, 7, true)
	want(event.Order, 7, false)
	wantCount(event.Trade, 1, 70)
	r.Add(0, 9, 90) // a marker
	want(0, 9, false)
	wantCount(0, 0, 0)
}
