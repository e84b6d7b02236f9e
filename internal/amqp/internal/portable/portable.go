// Package portable takes deliveries from amqp091-go's own channel: the ordinary
// alternative to package demux, for IO_MODE=portable.
package portable

import (
	"crypto/rand"
	"sync"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/event"
)

// maxBatch is how many messages Deliveries hands over at once.
const maxBatch = 256

// Deliveries are the messages of one consumer. A goroutine collects them; it ends with
// the channel, or on Stop. All methods but Stop are for the goroutine that reads.
type Deliveries struct {
	maxBody  int           // bytes of a body that are kept; fixed at construction
	tag      string        // fixed at construction
	ready    chan struct{} // receives when batch is the reader's
	released chan struct{} // receives when it no longer is; has room for one

	stopping sync.Once
	stopped  chan struct{} // closed by Stop
	running  sync.WaitGroup

	batch    []frame.Delivery
	received time.Time
}

// New returns Deliveries that keep so many bytes of each body.
func New(maxBody int) *Deliveries {
	return &Deliveries{
		maxBody: maxBody, tag: "ranger-" + rand.Text(),
		ready: make(chan struct{}), released: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
}

// Tag returns the consumer tag to use.
func (d *Deliveries) Tag() string { return d.tag }

// Ready receives when Batch has messages. Then call Release when done with them.
func (d *Deliveries) Ready() <-chan struct{} { return d.ready }

// Batch returns the messages that have arrived, and when the newest did. They are valid
// until Release.
func (d *Deliveries) Batch() ([]frame.Delivery, time.Time) { return d.batch, d.received }

// Next reports false: it is time to call Release.
func (d *Deliveries) Next() bool { return false }

// Release gives the batch back.
func (d *Deliveries) Release() { d.released <- struct{}{} }

// Stop ends the goroutine and waits for it, but not for the reader, which may have
// the batch.
func (d *Deliveries) Stop() {
	d.stopping.Do(func() { close(d.stopped) })
	d.running.Wait()
}

// Start begins with the channel that the library returned for the consumer, and returns
// a channel that is closed when nothing more arrives. It is called once.
func (d *Deliveries) Start(fromLibrary <-chan amqp091.Delivery) <-chan amqp091.Delivery {
	ended := make(chan amqp091.Delivery)
	d.running.Go(func() {
		defer close(ended)
		for d.collect(fromLibrary) && d.handOver() {
		}
	})
	return ended
}

// collect waits for a message and takes those that have arrived with it. It reports
// false if there are none.
func (d *Deliveries) collect(from <-chan amqp091.Delivery) bool {
	d.batch = d.batch[:0]
	select {
	case m, open := <-from:
		if !open {
			return false
		}
		d.add(&m)
	case <-d.stopped:
		return false
	}
	d.received = time.Now()
	for len(d.batch) < maxBatch {
		select {
		case m, open := <-from:
			if !open {
				return true // the next call reports it
			}
			d.add(&m)
		default:
			return true
		}
	}
	return true
}

// handOver waits until the reader has processed the batch. It reports false once l
// is stopped.
func (d *Deliveries) handOver() bool {
	select {
	case d.ready <- struct{}{}:
	case <-d.stopped:
		return false
	}
	select {
	case <-d.released:
		return true
	case <-d.stopped:
		return false
	}
}

func (d *Deliveries) add(m *amqp091.Delivery) {
	d.batch = append(d.batch, frame.Delivery{
		Tag: m.DeliveryTag, Redelivered: m.Redelivered, Check: event.Check(m.Body),
		Exchange: []byte(m.Exchange), MessageID: []byte(m.MessageId), Type: []byte(m.Type),
		Table: event.Table(m.Headers), Body: m.Body[:min(len(m.Body), d.maxBody)],
	})
}
