package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/event"
)

// ErrNotConfirmed means that the broker did not confirm a record in time, or
// refused it.
var ErrNotConfirmed = errors.New("publish a marker: the broker did not confirm it")

// Writer publishes records into the stream. It needs a connection of its own:
// during a memory or disk alarm the broker stops reading from a connection that
// publishes, acknowledgements included (RabbitMQ, "Connection Blocking").
//
// Observe is for the goroutine that reads the stream, all other methods for one
// other goroutine.
type Writer struct {
	ch      *amqp091.Channel // fixed at construction
	queue   string           // where records go; fixed at construction
	node    string           // fixed at construction
	timeout time.Duration    // of a gap's confirm; fixed at construction
	id      string           // fixed at construction

	observed atomic.Int64  // number of the newest marker read back
	notice   chan struct{} // receives after observed has changed; has room for one
	blocked  atomic.Bool   // the broker takes nothing, because of an alarm

	done chan struct{} // closed when the channel has ended
	err  error         // why; fixed once done is closed

	// Owned by the goroutine that writes.
	sent    int64
	checked int64 // see Marker
	confirm *amqp091.DeferredConfirmation
}

// NewWriter opens a Writer over c that writes into queue on behalf of node. A gap
// record must be confirmed within timeout. It ends with c; then call Wait.
func NewWriter(c *conn.Conn, queue, node string, timeout time.Duration) (*Writer, error) {
	ch, err := c.Confirming()
	if err != nil {
		return nil, conn.Wrap("open a channel for markers", err)
	}
	w := &Writer{
		ch: ch, queue: queue, node: node, timeout: timeout, id: rand.Text(),
		notice: make(chan struct{}, 1), done: make(chan struct{}),
	}
	closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
	blocked := c.NotifyBlocked(make(chan amqp091.Blocking, 16)) // the library waits if it is full
	go w.watch(closed, blocked)
	return w, nil
}

// watch follows the state of the channel until it ends.
func (w *Writer) watch(closed <-chan *amqp091.Error, blocked <-chan amqp091.Blocking) {
	defer close(w.done)
	for {
		select {
		case b, ok := <-blocked:
			if !ok {
				blocked = nil // the connection has ended
			}
			w.blocked.Store(b.Active)
		case err := <-closed:
			if err == nil {
				err = amqp091.ErrClosed
			}
			w.err = conn.Wrap("publish a marker", err)
			return
		}
	}
}

// Done is closed when the channel has ended: then nothing more can be written.
func (w *Writer) Done() <-chan struct{} { return w.done }

// Err returns why the channel has ended, once Done is closed.
func (w *Writer) Err() error { return w.err }

// Wait waits for the Writer's goroutine, which ends with the connection.
func (w *Writer) Wait() { <-w.done }

// SetChecked sets Marker.Checked of the markers that follow.
func (w *Writer) SetChecked(at int64) { w.checked = at }

// Send publishes a marker. It does not wait for the confirm.
func (w *Writer) Send() error {
	w.sent++
	body, _ := json.Marshal(Marker{Node: w.node, ID: w.id, N: w.sent, At: time.Now().UnixMilli(), Checked: w.checked}) // always marshals
	return conn.Wrap("publish a marker", w.publish(w.queue, MarkerType, amqp091.Persistent, body))
}

func (w *Writer) publish(queue, typ string, mode uint8, body []byte) (err error) {
	w.confirm, err = w.ch.PublishWithDeferredConfirm("", queue, false, false, amqp091.Publishing{
		Type:         typ,
		DeliveryMode: mode,
		Body:         body,
	})
	return err
}

// RecordGap publishes a gap and returns nil when the broker has confirmed it. It
// waits longer while an alarm blocks the connection.
func (w *Writer) RecordGap(ctx context.Context, g event.Gap) error {
	if err := w.publish(w.queue, GapType, amqp091.Persistent, g.Record()); err != nil {
		return conn.Wrap("publish a gap record", err)
	}
	return w.awaitConfirm(ctx)
}

// PlaceMark puts a message into a queue that ends with the broker's run, even if the queue
// does not. It returns nil when the broker has confirmed it, like RecordGap.
func (w *Writer) PlaceMark(ctx context.Context, queue string) error {
	if err := w.publish(queue, "", amqp091.Transient, nil); err != nil {
		return conn.Wrap("place a mark", err)
	}
	return w.awaitConfirm(ctx)
}

// awaitConfirm returns nil when the broker has confirmed what was published last.
func (w *Writer) awaitConfirm(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.confirm.Done():
			if !w.confirm.Acked() {
				return w.refusal()
			}
			return nil
		case <-time.After(w.timeout):
			if !w.blocked.Load() {
				return ErrNotConfirmed
			}
		}
	}
}

// Confirmed reports whether the broker has confirmed the newest record. It does
// not wait.
func (w *Writer) Confirmed() (bool, error) {
	select {
	case <-w.confirm.Done():
		if w.confirm.Acked() {
			return true, nil
		}
		return false, w.refusal()
	default:
		return false, nil
	}
}

// refusal returns why a record was not acknowledged. The library also refuses what
// is unconfirmed when the channel ends.
func (w *Writer) refusal() error {
	if !w.ch.IsClosed() {
		return ErrNotConfirmed
	}
	<-w.done
	return w.err
}
