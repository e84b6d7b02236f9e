package amqp

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync/atomic"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// markerType is the message type of a marker. A marker counts only when it came
// through the default exchange: what a publisher sends to one of the exchanges
// never passes for one.
const markerType = "ranger.marker"

// markers publishes messages of one attempt's own into the stream, so that the
// reader, when it sees one again, knows that it has read all before it. Each body
// is unlike any other, so that its check is too. They have a connection to
// themselves: under a memory or disk alarm the broker reads nothing more from one
// that publishes, not even acknowledgements (RabbitMQ, "Connection Blocking").
type markers struct {
	ch     *amqp091.Channel
	stream string
	id     string // of the attempt; fixed at construction

	// Owned by the lookout.
	closed  <-chan *amqp091.Error
	blocked <-chan amqp091.Blocking // with room: the library waits while it is full
	sent    int
	confirm *amqp091.DeferredConfirmation // of the last one sent

	seen atomic.Int64
}

func newMarkers(c *amqp091.Connection, stream, node string) (*markers, error) {
	ch, err := c.Channel()
	if err != nil {
		return nil, err
	}
	if err := ch.Confirm(false); err != nil {
		return nil, err
	}
	return &markers{
		ch: ch, stream: stream, id: node + "/" + rand.Text(),
		closed:  ch.NotifyClose(make(chan *amqp091.Error, 1)),
		blocked: c.NotifyBlocked(make(chan amqp091.Blocking, 16)),
	}, nil
}

// send publishes a marker, and does not wait for its confirm.
func (m *markers) send() (err error) {
	m.sent++
	m.confirm, err = m.ch.PublishWithDeferredConfirm("", m.stream, false, false, amqp091.Publishing{
		Type:         markerType,
		DeliveryMode: amqp091.Persistent,
		Body:         []byte(m.id + "/" + strconv.Itoa(m.sent)),
	})
	return wrap("publish a marker", err)
}

// confirmed tells whether the broker has taken the last one sent.
func (m *markers) confirmed() (bool, error) {
	select {
	case <-m.confirm.Done():
		if m.confirm.Acked() {
			return true, nil
		}
		// The library refuses what is unconfirmed when the channel is closed, after
		// it has said why.
		select {
		case err := <-m.closed:
			return false, m.fault(err)
		default:
			return false, errNotTaken
		}
	default:
		return false, nil
	}
}

// fault is the error for what came from closed.
func (m *markers) fault(err *amqp091.Error) error {
	if err == nil {
		err = amqp091.ErrClosed
	}
	return wrap("publish a marker", err)
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
