package amqp_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/journal"
)

// Whoever was to be woken later, since more was at hand, is woken also where the
// connection ends before that was taken.
func TestConnectionEndsBeforeLateWake(t *testing.T) {
	t.Parallel()
	taken := make(map[int]bool)
	for range 100 { // a reader that sees both, the end and a batch, takes either
		synctest.Test(t, func(t *testing.T) { taken[testLateWake(t)] = true })
	}
	if !taken[2] {
		t.Errorf("the end never came between the batches: events taken were %v", taken)
	}
}

// testLateWake returns how many of three events were taken before the end.
func testLateWake(t *testing.T) int {
	ours, brokers := net.Pipe()
	in := amqp.NewIntake(ours, theTag, 100)
	go func() { _, _ = in.Read(make([]byte, 100)) }() // until it is closed
	defer in.Close()                                  //nolint:errcheck // nothing depends on it
	messageAt := func(n uint64) string {
		table := offsetEntry(n) + "\x0amember_uidS\x00\x00\x00\x0c" + string(alice)
		return deliver(7, theTag, n, 0, "orders") + header(7, 8, "\x20\x00\x00\x00\x00"+string(rune(len(table)))+table) + frame(3, 7, []byte(`{"id":1}`))
	}
	for _, batch := range []string{messageAt(1) + messageAt(2), messageAt(3)} {
		if _, err := io.WriteString(brokers, batch); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
	if in.Waiting() != 2 {
		t.Fatalf("%d batches are waiting, want 2", in.Waiting())
	}
	j := journal.New(journal.Config{})
	alices := newTap(t, func(w journal.Waker) *journal.Cursor { return j.Subscribe(alice, w) })
	cfg := amqp.Config{Exchanges: amqp.Exchanges{Orders: "orders", Trades: "trades"}}
	ended := make(chan amqp091.Delivery)
	close(ended)
	if err := amqp.Loop(t.Context(), in, ended, cfg, j, new(counted)); !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("the loop ended with %v", err)
	}
	alices.mu.Lock()
	defer alices.mu.Unlock()
	want := j.Stats().Entries
	if got := len(alices.fresh); got != want {
		t.Errorf("alice was woken for %d events of %d", got, want)
	}
	return want
}
