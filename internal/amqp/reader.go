package amqp

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/sequence"
	"ranger/internal/journal"
)

// progress is what the monitor may read of a reader. It is safe for concurrent use.
type progress struct {
	resumes  bool   // continues where an earlier connection ended; fixed at construction
	skips    bool   // begins after entries that the broker cannot deliver; fixed at construction
	resumeAt uint64 // the offset to begin at, if resumes or skips; fixed at construction
	singly   bool   // reads message by message; fixed at construction

	read       atomic.Uint64 // messages read over this connection
	processing atomic.Bool   // a message is being processed
}

// reader reads the stream over one connection.
type reader struct {
	progress
	cfg       Config              // fixed at construction
	log       *slog.Logger        // fixed at construction
	journal   *journal.Journal    // fixed at construction
	pipeline  *pipeline           // fixed at construction
	sequencer *sequence.Sequencer // nil for a stream; fixed at construction
	in        deliveries          // fixed at construction

	revalidating bool   // compares all of the journal; fixed at construction
	windowStart  uint64 // messages before it are only observed; fixed before consume

	// Owned by the goroutine that reads; see verify.
	expectNext  bool             // the next message must be expected
	expected    journal.Position // a message of the journal
	compared    bool             // a message was compared with expected
	revalidated bool             // all of the journal has been compared
	truncated   bool             // what followed the last message read is gone
	started     bool             // a message was read over this connection
	last        uint64           // offset of the last message read; 0 for none
	unacked     int
	acked       time.Time // of the last acknowledgement

	// Fixed once consume has returned.
	conn      *conn.Conn
	ch        *amqp091.Channel
	ended     <-chan amqp091.Delivery // closed when nothing more arrives
	closed    <-chan *amqp091.Error
	cancelled <-chan string
}

// loop processes messages until there are no more, and returns why.
func (r *reader) loop(ctx context.Context) error {
	defer r.in.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.in.Ready():
			if err := r.drain(ctx); err != nil {
				return err
			}
		case _, open := <-r.ended:
			if open {
				return errNotDiverted
			}
			return r.why(ctx)
		}
	}
}

// drain processes batches as long as the connection has nothing else.
func (r *reader) drain(ctx context.Context) error {
	defer r.in.Release()
	for more := true; more; more = r.in.Next() {
		if err := r.processBatch(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// processBatch processes the messages that have arrived.
func (r *reader) processBatch(ctx context.Context) error {
	defer r.journal.EndBatch() // the last message need not have been appended, nor a connection follow soon
	batch, received := r.in.Batch()
	for i := range batch {
		if err := r.process(ctx, &batch[i], received, i+1 < len(batch)); err != nil {
			return err
		}
	}
	return nil
}

// acknowledge acknowledges the messages up to d now and then, also on a quiet
// stream: the broker closes a channel whose acknowledgement is half an hour late
// (RabbitMQ, consumer_timeout).
func (r *reader) acknowledge(d *frame.Delivery, now time.Time) error {
	r.unacked++
	if r.unacked < max(1, r.cfg.Prefetch/8) && now.Sub(r.acked) < r.cfg.CheckInterval {
		return nil
	}
	r.unacked, r.acked = 0, now
	tag := d.Tag
	if r.sequencer != nil {
		tag = r.sequencer.AckTag(d)
	}
	if tag == 0 { // to the broker it means all messages
		return nil
	}
	return conn.Wrap("acknowledge", r.ch.Ack(tag, true))
}

// why returns why deliveries have ended. If the broker has cancelled the consumer, its
// last messages precede that notice, so why processes them. If the channel has ended,
// the broker delivers again what was not processed.
func (r *reader) why(ctx context.Context) error {
	if r.conn.TimedOut() {
		<-ctx.Done() // the monitor, whose request timed out, returns the error
		return ctx.Err()
	}
	select {
	case _, ok := <-r.cancelled:
		if ok {
			return r.processLast(ctx)
		}
	default:
	}
	if err := <-r.closed; err != nil {
		return fmt.Errorf("the channel was closed: %w", err)
	}
	return amqp091.ErrClosed
}

// processLast processes what arrived before the consumer was cancelled.
func (r *reader) processLast(ctx context.Context) error {
	select {
	case <-r.in.Ready():
		defer r.in.Release()
		if err := r.processBatch(ctx); err != nil {
			return err
		}
	default:
	}
	return errCancelled
}
