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
	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/amqp/scan"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// noMetrics counts nothing.
type noMetrics struct{}

func (noMetrics) Event(event.Kind)         {}
func (noMetrics) Undelivered(event.Reason) {}
func (noMetrics) Retried()                 {}
func (noMetrics) Gap(event.GapReason)      {}

func loop(t *testing.T, in *demux.Conn, fromLibrary <-chan amqp091.Delivery, j *journal.Journal) error {
	t.Helper()
	cfg := amqp.Config{Config: topology.Config{Exchanges: topology.Exchanges{Orders: "orders", Trades: "trades"}}}
	return amqp.Loop(t.Context(), in, fromLibrary, cfg, j, noMetrics{})
}

const uid = "IDALICE00001"

// divert returns a connection that has read a message to uid for each of these entries
// of header tables.
func divert(t *testing.T, offsets ...string) *demux.Conn {
	t.Helper()
	conn, broker := net.Pipe()
	in := demux.New(100)
	in.Wrap(conn)
	go func() { _, _ = io.Copy(io.Discard, in) }() // the library, until the connection is closed
	var text strings.Builder
	for n, offset := range offsets {
		text.WriteString(frametest.Message(in.Tag(), uint64(n)+1, offset+frametest.TextEntry("member_uid", uid), `{"id":1}`, 100))
	}
	if _, err := io.WriteString(broker, text.String()); err != nil {
		t.Fatal(err)
	}
	return in
}

// If the connection is closed while the reader has it, or processes messages, it
// returns to the library, and the reader ends.
func TestLoop_EndsWhenTheConnectionIsClosed(t *testing.T) {
	t.Parallel()
	for _, messages := range []uint64{1, 50} {
		synctest.Test(t, func(t *testing.T) {
			var offsets []string
			for n := range messages {
				offsets = append(offsets, frametest.OffsetEntry(n+1))
			}
			in := divert(t, offsets...)
			j := journal.New(journal.Config{})
			fromLibrary, result := make(chan amqp091.Delivery), make(chan error, 1)
			go func() { result <- loop(t, in, fromLibrary, j) }()
			synctest.Wait() // the reader waits for more, on the connection
			if last, _ := j.Last(); last.Offset != messages {
				t.Errorf("the last message in the journal is %d, want %d", last.Offset, messages)
			}
			_ = in.Close()
			synctest.Wait() // the library has seen that it is closed: else the bubble never ends
			close(fromLibrary)
			if err := <-result; !errors.Is(err, amqp091.ErrClosed) {
				t.Errorf("the loop ended with %v, want %v", err, amqp091.ErrClosed)
			}
		})
	}
}

// If the library gets a delivery although all are diverted, that is an error and not
// the end.
func TestLoop_ReportsADeliveryThatTheLibraryGot(t *testing.T) {
	t.Parallel()
	fromLibrary := make(chan amqp091.Delivery, 1)
	fromLibrary <- amqp091.Delivery{}
	err := loop(t, demux.New(100), fromLibrary, journal.New(journal.Config{}))
	if err == nil || !strings.Contains(err.Error(), "not for it") {
		t.Errorf("the loop ended with %v, want an error with %q", err, "not for it")
	}
}

// eager is a waker that reads all entries when it is woken.
type eager struct {
	cursor *journal.Cursor
	read   int
}

func (e *eager) Wake(int) bool {
	var entries [8]journal.Entry
	n, _ := e.cursor.Read(entries[:])
	e.read += n
	return false
}

// A batch that ends with an error wakes the cursors that waited for its end.
func TestLoop_WakesCursorsAtAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := divert(t, frametest.OffsetEntry(1), frametest.OffsetEntry(2), "")
		j := journal.New(journal.Config{})
		var e eager
		e.cursor = j.Subscribe(uid, &e)
		defer e.cursor.Close()
		if err := loop(t, in, nil, j); !errors.Is(err, scan.ErrNoOffset) {
			t.Errorf("the loop ended with %v, want %v", err, scan.ErrNoOffset)
		}
		if e.read != 2 {
			t.Errorf("a cursor has read %d events before the error, want 2", e.read)
		}
		_ = in.Close()
	})
}
