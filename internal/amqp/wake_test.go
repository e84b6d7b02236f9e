package amqp_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/journal"
)

// manyEvents is the number of events in the first batch.
const manyEvents = 50

// Sessions that were to be woken with the next message are woken if that one cannot be
// read.
func TestLoopEndsInABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, brokers, j, alices := manyForAlice(t)
		result := make(chan error, 1)
		go func() { result <- amqp.Loop(t.Context(), in, nil, loopConfig(), j, new(counted)) }()
		synctest.Wait()
		wantFresh(t, "of the first batch", alices, manyEvents)
		noOffset := deliver(7, theTag, manyEvents+2, 0, "orders") + header(7, 0, "\x00\x00")
		write(t, brokers, messageForAlice(manyEvents+1)+messageForAlice(manyEvents+2)+noOffset)
		if err := <-result; err == nil {
			t.Error("the loop took a message without an offset")
		}
		wantFresh(t, "at the end", alices, manyEvents+2)
	})
}

// The connection comes back to the library, and the reader ends, when it is closed while
// the reader has it, or deals with messages.
func TestCloseWhileLent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, _, j, _ := manyForAlice(t)
		ended, result := make(chan amqp091.Delivery), make(chan error, 1)
		go func() { result <- amqp.Loop(t.Context(), in, ended, loopConfig(), j, new(counted)) }()
		synctest.Wait()
		_ = in.Close()
		synctest.Wait() // the library has seen that it is closed: else the bubble never ends
		close(ended)
		if err := <-result; !errors.Is(err, amqp091.ErrClosed) {
			t.Errorf("the loop ended with %v", err)
		}
	})
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func wantFresh(t *testing.T, when string, tap *tap, want int) {
	t.Helper()
	if got := tap.freshEvents(); got != want {
		t.Errorf("%s: woken for %d events, want %d", when, got, want)
	}
}

// manyForAlice returns an intake that waits to lend the connection, with manyEvents of
// alice's, and the tap that is woken for them.
func manyForAlice(t *testing.T) (amqp.Intake, net.Conn, *journal.Journal, *tap) {
	t.Helper()
	ours, brokers := net.Pipe()
	in := amqp.NewIntake(ours, theTag, 100)
	t.Cleanup(func() { _ = in.Close() })
	go func() { _, _ = io.Copy(io.Discard, in) }() // until it is closed
	var all strings.Builder
	for n := range uint64(manyEvents) {
		all.WriteString(messageForAlice(n + 1))
	}
	write(t, brokers, all.String())
	synctest.Wait()
	if !in.Waiting() {
		t.Fatal("the connection does not wait for the reader")
	}
	j := journal.New(journal.Config{})
	return in, brokers, j, newTap(t, func(w journal.Waker) *journal.Cursor { return j.Subscribe(alice, w) })
}

func messageForAlice(n uint64) string {
	table := offsetEntry(n) + "\x0amember_uidS\x00\x00\x00\x0c" + string(alice)
	return deliver(7, theTag, n, 0, "orders") + header(7, 8, "\x20\x00\x00\x00\x00"+string(rune(len(table)))+table) + frame(3, 7, []byte(`{"id":1}`))
}

func loopConfig() amqp.Config {
	return amqp.Config{Exchanges: amqp.Exchanges{Orders: "orders", Trades: "trades"}}
}

func (t *tap) freshEvents() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.fresh)
}
