package amqp

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// markerType is the message type of a marker. A marker counts only when it came
// through the default exchange: what a publisher sends to one of the exchanges
// never passes for one.
const markerType = "ranger.marker"

// markers publishes messages of one connection's own into the stream, so that
// the reader, when it sees one again, knows that it has read all before it.
// Each body is unlike any other, so that its check is too.
type markers struct {
	ch     *amqp091.Channel
	closed <-chan *amqp091.Error // why ch was closed; owned by the lookout
	stream string
	id     string // of the connection; fixed at construction
	sent   int    // owned by the lookout
	seen   atomic.Int64
}

func newMarkers(c *amqp091.Connection, stream, node string) (*markers, error) {
	ch, err := c.Channel()
	if err != nil {
		return nil, err
	}
	if err := ch.Confirm(false); err != nil {
		return nil, err
	}
	closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
	return &markers{ch: ch, closed: closed, stream: stream, id: node + "/" + rand.Text()}, nil
}

// send publishes a marker and waits until the broker has confirmed it.
func (m *markers) send(ctx context.Context) error {
	m.sent++
	confirm, err := m.ch.PublishWithDeferredConfirm("", m.stream, false, false, amqp091.Publishing{
		Type:         markerType,
		DeliveryMode: amqp091.Persistent,
		Body:         []byte(m.id + "/" + strconv.Itoa(m.sent)),
	})
	if err != nil {
		return fmt.Errorf("publish a marker: %w", err)
	}
	ok, err := confirm.WaitContext(ctx)
	if err != nil {
		return fmt.Errorf("publish a marker: %w", err)
	}
	if ok {
		return nil
	}
	// The library refuses what is unconfirmed when the channel is closed, after
	// it has said why.
	select {
	case err := <-m.closed:
		if err != nil {
			return fmt.Errorf("publish a marker: %w", err)
		}
		return fmt.Errorf("publish a marker: %w", amqp091.ErrClosed)
	default:
		return errNotTaken
	}
}

// see looks whether d is one of these markers, for the goroutine that reads.
func (m *markers) see(d *amqp091.Delivery) bool {
	if d.Type != markerType || d.Exchange != "" {
		return false
	}
	number, ours := strings.CutPrefix(string(d.Body), m.id+"/")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ours || err != nil || n <= m.seen.Load() {
		return false
	}
	m.seen.Store(n)
	return true
}

// awaited tells whether a marker that was sent has not been seen, for the
// lookout.
func (m *markers) awaited() bool { return m.seen.Load() < int64(m.sent) }
