package amqp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/journal"
)

// manyEvents are so many at once that who gets them rests.
const manyEvents = 50

// Whoever rests is woken when the connection ends.
func TestConnectionEndsInARest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, brokers, j, alices := manyForAlice(t, plainPipe)
		ended, result := make(chan amqp091.Delivery), make(chan error, 1)
		go func() { result <- amqp.Loop(t.Context(), in, ended, loopConfig(), j, new(counted)) }()
		synctest.Wait()
		write(t, brokers, messageForAlice(manyEvents+1)+frame(8, 0, nil))
		synctest.Wait()
		wantFresh(t, "before the end", alices, manyEvents)
		close(ended)
		if err := <-result; !errors.Is(err, amqp091.ErrClosed) {
			t.Errorf("the loop ended with %v", err)
		}
		wantFresh(t, "at the end", alices, manyEvents+1)
	})
}

// Whoever rests is woken in time, whether anything else comes or not, both while the
// reader has the connection and when it has given it back; also where a read that ends
// for that is one of TLS.
func TestRestEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pipe   func(testing.TB) (ours, brokers net.Conn)
		behind string // comes with each message
	}{
		"at the reader":      {plainPipe, ""},
		"given back":         {plainPipe, frame(8, 0, nil)},
		"at the reader, TLS": {securePipe, ""},
		"given back, TLS":    {securePipe, frame(8, 0, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, brokers, j, alices := manyForAlice(t, tt.pipe)
				if err := in.SetReadDeadline(time.Now().Add(time.Hour)); err != nil { // as the library does
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				result := make(chan error, 1)
				go func() { result <- amqp.Loop(ctx, in, nil, loopConfig(), j, new(counted)) }()
				synctest.Wait()
				wantFresh(t, "in the beginning", alices, manyEvents)
				write(t, brokers, messageForAlice(manyEvents+1)+tt.behind)
				synctest.Wait()
				wantFresh(t, "at once", alices, manyEvents)
				<-time.After(journal.ThrottleInterval)
				synctest.Wait()
				wantFresh(t, "after a rest", alices, manyEvents+1)
				const more = 45
				for n := range uint64(more) {
					write(t, brokers, messageForAlice(manyEvents+2+n)+tt.behind)
					<-time.After(time.Millisecond)
					synctest.Wait()
				}
				const rest = int(journal.ThrottleInterval / time.Millisecond)
				if got, all := alices.freshEvents(), manyEvents+1+more; got < all-rest || got == all {
					t.Errorf("while more came alice was woken for %d events of %d, want some of the last %d to wait", got, all, rest)
				}
				cancel()
				_ = in.Close()
				if err := <-result; err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("the loop ended with %v", err)
				}
			})
		})
	}
}

// The connection comes back to the library, and the reader ends, when it is closed while
// the reader has it, or deals with messages.
func TestCloseWhileLent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, _, j, _ := manyForAlice(t, plainPipe)
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
// alice's, and whoever is woken for them.
func manyForAlice(t *testing.T, pipe func(testing.TB) (ours, brokers net.Conn)) (amqp.Intake, net.Conn, *journal.Journal, *tap) {
	t.Helper()
	ours, brokers := pipe(t)
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

func plainPipe(testing.TB) (ours, brokers net.Conn) { return net.Pipe() }

func securePipe(tb testing.TB) (ours, brokers net.Conn) {
	tb.Helper()
	ours, brokers = net.Pipe()
	ours = tls.Client(ours, &tls.Config{InsecureSkipVerify: true}) // a pipe has no name
	brokers = tls.Server(brokers, &tls.Config{
		Certificates:                []tls.Certificate{selfSigned(tb)},
		SessionTicketsDisabled:      true, // nobody reads them
		DynamicRecordSizingDisabled: true, // what is written at once is read at once
	})
	return ours, brokers
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
