package amqp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// markers publishes records of one attempt's own into the stream. When the reader
// sees one of its markers again, it has read all that stands before it. They have
// a connection to themselves: under a memory or disk alarm the broker reads
// nothing more from one that publishes, not even acknowledgements (RabbitMQ,
// "Connection Blocking").
type markers struct {
	ch     *amqp091.Channel
	queue  string // where they go; fixed at construction
	node   string // fixed at construction
	limits limits // fixed at construction
	id     string // of the attempt; fixed at construction
	notice chan struct{}
	seen   atomic.Int64 // number of the newest one read

	// Owned by the lookout.
	closed  <-chan *amqp091.Error
	blocked <-chan amqp091.Blocking // with room: the library waits while it is full
	sent    int64
	stuck   bool  // the broker takes none, because of an alarm
	looked  int64 // Unix ms, see marker
	confirm *amqp091.DeferredConfirmation
}

func newMarkers(c *connection, queue, node string) (*markers, error) {
	ch, err := confirming(c)
	if err != nil {
		return nil, err
	}
	return &markers{
		ch: ch, queue: queue, node: node, limits: c.limits, id: rand.Text(), notice: make(chan struct{}, 1),
		closed:  ch.NotifyClose(make(chan *amqp091.Error, 1)),
		blocked: c.NotifyBlocked(make(chan amqp091.Blocking, 16)),
	}, nil
}

// confirming opens a channel with confirms.
func confirming(c *connection) (ch *amqp091.Channel, err error) {
	err = c.inTime(func() error {
		if ch, err = c.Channel(); err != nil {
			return err
		}
		return ch.Confirm(false)
	})
	return ch, err
}

// send publishes a marker, and does not wait for its confirm.
func (m *markers) send() error {
	m.sent++
	body, _ := json.Marshal(marker{Node: m.node, ID: m.id, N: m.sent, At: time.Now().UnixMilli(), Looked: m.looked}) // always marshals
	return wrap("publish a marker", m.publish(markerType, body))
}

func (m *markers) publish(typ string, body []byte) (err error) {
	m.confirm, err = m.ch.PublishWithDeferredConfirm("", m.queue, false, false, amqp091.Publishing{
		Type:         typ,
		DeliveryMode: amqp091.Persistent,
		Body:         body,
	})
	return err
}

// record publishes a gap, and returns when the broker has confirmed it.
func (m *markers) record(ctx context.Context, g event.Gap) error {
	if err := m.publish(gapType, g.Record()); err != nil {
		return wrap("publish a gap record", err)
	}
	for wait := m.limits.Record; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.confirm.Done():
			if !m.confirm.Acked() {
				return m.refused()
			}
			return nil
		case b := <-m.blocked:
			m.stuck = b.Active
		case <-time.After(wait):
			if !m.stuck {
				return errNotTaken
			}
		}
	}
}

// confirmed tells whether the broker has taken the last record sent.
func (m *markers) confirmed() (bool, error) {
	select {
	case <-m.confirm.Done():
		if m.confirm.Acked() {
			return true, nil
		}
		return false, m.refused()
	default:
		return false, nil
	}
}

// refused says why a record was. The library refuses what is unconfirmed when
// the channel is closed, after it has said why.
func (m *markers) refused() error {
	select {
	case err := <-m.closed:
		return m.fault(err)
	default:
		return errNotTaken
	}
}

// fault is the error for what came from closed.
func (m *markers) fault(err *amqp091.Error) error {
	if err == nil {
		err = amqp091.ErrClosed
	}
	return wrap("publish a marker", err)
}

// see looks whether a marker is one of these, for the goroutine that reads, and
// gives notice of it.
func (m *markers) see(read marker) {
	if read.ID != m.id || read.N <= m.seen.Load() {
		return
	}
	m.seen.Store(read.N)
	select {
	case m.notice <- struct{}{}:
	default: // it has not looked yet since the last one
	}
}

// awaited tells whether a marker that was sent has not been seen, for the
// lookout.
func (m *markers) awaited() bool { return m.seen.Load() < m.sent }
