package amqp

import (
	"crypto/rand"
	"sync"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/event"
)

// maxBatch is how many messages libraryDeliveries hands over at once.
const maxBatch = 256

// libraryDeliveries are those of amqp091-go's own channel, the ordinary alternative
// to demux.Conn. A goroutine collects them; it ends with the channel, or on Stop.
type libraryDeliveries struct {
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

func newLibraryDeliveries(maxBody int) *libraryDeliveries {
	return &libraryDeliveries{
		maxBody: maxBody, tag: "ranger-" + rand.Text(),
		ready: make(chan struct{}), released: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
}

func (l *libraryDeliveries) Tag() string                          { return l.tag }
func (l *libraryDeliveries) Ready() <-chan struct{}               { return l.ready }
func (l *libraryDeliveries) Batch() ([]frame.Delivery, time.Time) { return l.batch, l.received }
func (l *libraryDeliveries) Next() bool                           { return false }
func (l *libraryDeliveries) Release()                             { l.released <- struct{}{} }

// Stop ends the goroutine and waits for it, but not for the reader, which may have
// the batch.
func (l *libraryDeliveries) Stop() {
	l.stopping.Do(func() { close(l.stopped) })
	l.running.Wait()
}

func (l *libraryDeliveries) options(name string) conn.Options { return conn.Options{Name: name} }

func (l *libraryDeliveries) start(fromLibrary <-chan amqp091.Delivery) <-chan amqp091.Delivery {
	ended := make(chan amqp091.Delivery)
	l.running.Go(func() {
		defer close(ended)
		for l.collect(fromLibrary) && l.handOver() {
		}
	})
	return ended
}

// collect waits for a message and takes those that have arrived with it. It reports
// false if there are none.
func (l *libraryDeliveries) collect(from <-chan amqp091.Delivery) bool {
	l.batch = l.batch[:0]
	select {
	case d, open := <-from:
		if !open {
			return false
		}
		l.add(&d)
	case <-l.stopped:
		return false
	}
	l.received = time.Now()
	for len(l.batch) < maxBatch {
		select {
		case d, open := <-from:
			if !open {
				return true // the next call reports it
			}
			l.add(&d)
		default:
			return true
		}
	}
	return true
}

// handOver waits until the reader has processed the batch. It reports false once l
// is stopped.
func (l *libraryDeliveries) handOver() bool {
	select {
	case l.ready <- struct{}{}:
	case <-l.stopped:
		return false
	}
	select {
	case <-l.released:
		return true
	case <-l.stopped:
		return false
	}
}

func (l *libraryDeliveries) add(d *amqp091.Delivery) {
	l.batch = append(l.batch, frame.Delivery{
		Tag: d.DeliveryTag, Redelivered: d.Redelivered, Check: event.Check(d.Body),
		Exchange: []byte(d.Exchange), MessageID: []byte(d.MessageId), Type: []byte(d.Type),
		Table: event.Table(d.Headers), Body: d.Body[:min(len(d.Body), l.maxBody)],
	})
}
