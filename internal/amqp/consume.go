package amqp

import (
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/dedup"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/topology"
)

// readBack is how far before its window a node begins to read, by the broker's
// clock: twice as far as message_ids are remembered, because markers set the
// stream's time only now and then, and by other clocks.
const readBack = 2 * dedup.Window

func (s *Source) newReader(in deliveries) *reader {
	r := &reader{cfg: s.cfg, log: s.log, journal: s.journal, pipeline: s.pipeline, sequencer: s.sequencer, in: in}
	if s.sequencer != nil {
		s.sequencer.Reconnect()
		return r
	}
	last, resumes := s.journal.Last()
	r.expected, r.last, r.resumes, r.expectNext = last, last.Offset, resumes, resumes
	if s.revalidate && resumes {
		r.revalidating = true
		r.expected, _ = s.journal.First()
		s.pipeline.forget() // what will be truncated must not count as seen
	}
	r.resumeAt = r.expected.Offset
	s.passage.follow(r)
	return r
}

// next returns the offset after the last message read, on this or an earlier connection;
// 0 if none was.
func (r *reader) next() uint64 {
	if !r.resumes && !r.started {
		return 0
	}
	return r.last + 1
}

// begin returns the x-stream-offset to begin at: a message read before, itself
// included, or some time before the window. It is nil for a queue.
func (r *reader) begin() any {
	switch {
	case r.cfg.Queue:
		return nil
	case r.resumes, r.skips:
		return int64(r.resumeAt) //nolint:gosec // RabbitMQ counts in int64
	default:
		return topology.Age(r.cfg.Window + readBack)
	}
}

// consume begins to read.
func (r *reader) consume(c *conn.Conn) error {
	r.conn = c
	return conn.Wrap("consume "+r.cfg.Source(), c.Do(r.subscribe))
}

func (r *reader) subscribe() error {
	ch, err := r.conn.Channel()
	if err != nil {
		return err
	}
	r.ch = ch
	// Requested before there is a consumer, so that its end is not missed.
	r.closed = ch.NotifyClose(make(chan *amqp091.Error, 1))
	r.cancelled = ch.NotifyCancel(make(chan string, 1))
	if err := ch.Qos(r.cfg.Prefetch, 0, false); err != nil {
		return fmt.Errorf("set AMQP_PREFETCH to %d: %w", r.cfg.Prefetch, err)
	}
	var args amqp091.Table
	exclusive := r.cfg.Queue
	if !exclusive {
		args = amqp091.Table{frame.OffsetHeader: r.begin()}
	}
	fromLibrary, err := ch.Consume(r.cfg.Source(), r.in.Tag(), false, exclusive, false, false, args)
	if err != nil {
		return err
	}
	r.ended = r.in.start(fromLibrary)
	return nil
}
