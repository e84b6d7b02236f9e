package main_test

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// TestKill kills a node while events are published. The node that starts after it reads
// the same window: every event has the same offset and user. It names I2 and I3.
func TestKill(t *testing.T) {
	t.Parallel()
	const messages = 2000
	w := newWorld(t)
	victim := w.serve("HISTORY_SIZE=5000")
	s := w.login(victim, alice)
	before := w.record()

	var want []string
	var after *process
	for n := range messages {
		want = append(want, w.order(alice, n))
		switch n {
		case messages / 2:
			s.expect(want...)
			victim.signal(syscall.SIGKILL)
		case messages / 4 * 3:
			if code := victim.exit(); code != -1 {
				t.Errorf("killed node: got exit code %d, want -1", code)
			}
			after = w.start("HISTORY_SIZE=5000")
		}
	}
	after.awaitLog("caught up")
	s = w.login(after, alice)
	want = append(want, w.order(alice, messages))
	// The node may read the last of the events published before only now.
	got := []string{s.read()}
	for got[len(got)-1] != want[messages] {
		got = append(got, s.read())
	}
	if !slices.Equal(got, want[messages+1-len(got):]) {
		t.Errorf("new node: got %v, want the last published events", got)
	}

	again := w.record()
	first, second := before.entries(messages+1), again.entries(messages+1)
	if !slices.EqualFunc(first, second, sameEvent) {
		t.Error("the window that was read again differs from the first one")
	}
	for i, want := range want {
		if got := string(first[i].Message); got != want {
			t.Fatalf("event %d: got %s, want %s", i, got, want)
		}
	}
	if got := after.metric("ranger_window_events"); got != messages+1 {
		t.Errorf("new node: got %v events in the window, want %d", got, messages+1)
	}
}

func sameEvent(a, b journal.Entry) bool {
	return a.Offset == b.Offset && a.Kind == b.Kind && string(a.Message) == string(b.Message)
}

// recorder reads a world's stream like a node, in the test process, and keeps Alice's
// events.
type recorder struct {
	t      testing.TB
	cursor *journal.Cursor
	wake   chan struct{}
	got    []journal.Entry
}

func (w *world) record() *recorder {
	w.t.Helper()
	j := journal.New(journal.Config{Size: 1 << 16})
	r := &recorder{t: w.t, wake: make(chan struct{}, 1)}
	r.cursor = j.Subscribe(alice, r)
	source := amqp.NewSource(amqp.Config{
		URL: w.url,
		Config: topology.Config{
			Node: "recorder", Stream: w.stream,
			Exchanges: topology.Exchanges{Orders: w.orders, Trades: w.trades},
		},
	}, j, uncounted{}, discard())
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		check(w.t, <-done)
	})
	return r
}

func (r *recorder) Wake(int) bool {
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return false
}

// entries waits for Alice's first n events.
func (r *recorder) entries(n int) []journal.Entry {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), testenv.Patience)
	defer cancel()
	var room [100]journal.Entry
	for len(r.got) < n {
		k, err := r.cursor.Read(room[:])
		check(r.t, err)
		r.got = append(r.got, room[:k]...)
		if k > 0 {
			continue
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			r.t.Fatalf("got %d events, want %d", len(r.got), n)
		}
	}
	return r.got
}

type uncounted struct{}

func (uncounted) Event(event.Kind)         {}
func (uncounted) Undelivered(event.Reason) {}
func (uncounted) Retried()                 {}
func (uncounted) Gap(event.GapReason)      {}

func TestTwoNodes_SendTheSameEventsInOrder(t *testing.T) {
	t.Parallel()
	const messages = 500
	w := newWorld(t)
	one, two := w.serve("NODE_NAME=one"), w.serve("NODE_NAME=two")
	sockets := []*socket{w.login(one, alice), w.login(two, alice)}
	var want []string
	for n := range messages {
		body := fmt.Sprintf(`{"id":%d}`, n)
		exchange, text := w.orders, `{"orderbook":`+body+`}`
		headers := amqp091.Table{"member_uid": string(alice)}
		if n%2 == 1 {
			exchange, text = w.trades, fmt.Sprintf(`{"trade":{"id":%d,"side":"ask"}}`, n)
			headers = amqp091.Table{"ask_member_uid": string(alice), "bid_member_uid": string(bob)}
		}
		w.send(exchange, headers, body)
		want = append(want, text)
	}
	for _, s := range sockets {
		s.expect(want...)
	}
	if a, b := one.metric("ranger_deliveries_total"), two.metric("ranger_deliveries_total"); a != messages || b != messages {
		t.Errorf("got %v and %v deliveries, want %d on each node", a, b, messages)
	}
}
