package amqp

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"ranger/internal/journal"
)

// streamOffset is the argument that says where to begin, and the header that says
// where a message stands (RabbitMQ, "Streams").
const streamOffset = "x-stream-offset"

// reader reads the stream over one connection.
type reader struct {
	src     *Source       // fixed at construction
	in      *intake       // fixed at construction
	markers *markers      // fixed at construction
	again   bool          // goes on where another one ended; fixed at construction
	proving bool          // compares all that is held; fixed at construction
	from    uint64        // the offset to go on at, if again; fixed at construction
	begin   uint64        // messages before it are read for their message_id alone; fixed before the first
	read    atomic.Uint64 // messages read over this connection
	taking  atomic.Bool   // a message is being dealt with

	// Owned by the goroutine that reads.
	wanted   bool             // want has to come next
	want     journal.Position // a message that is held
	compared bool             // a message was compared with want
	trimmed  bool             // what followed the last message read is no longer there
	started  bool             // a message was read that was not read before
	last     uint64           // offset of the last message read, also before; 0 at first
	more     bool             // another message has come with the one that is dealt with
	unacked  int
	acked    time.Time // when the broker was told last how far we are

	// Fixed once consume has returned.
	conn      *connection
	ch        *amqp091.Channel
	closed    <-chan *amqp091.Error
	cancelled <-chan string
}

// read reads over c until a connection ends, with a lookout beside it, whose
// markers go over another one.
func (s *Source) read(ctx context.Context, c, other *connection, in *intake, t *topology) error {
	markers, err := newMarkers(other, s.cfg.Stream, s.cfg.Node)
	if err != nil {
		return fmt.Errorf("open a channel for markers: %w", err)
	}
	if err := markers.send(); err != nil {
		return err
	}
	r := s.newReader(markers, in)
	defer in.drop() // before the connection is hung up: its goodbye is not to wait for the reader
	if !r.again && s.counter == nil {
		if r.begin, err = windowStart(ctx, c, markers, s.cfg.Window); err != nil {
			return err
		}
		s.whole = r.begin == 0
	}
	ended, err := r.consume(c)
	if err != nil {
		return err
	}
	s.setState(Reading, nil)
	if s.counter != nil {
		s.log.InfoContext(ctx, "reading the queue", "queue", s.cfg.Stream)
	} else {
		s.log.InfoContext(ctx, "reading the stream", "stream", s.cfg.Stream, "from", r.start())
	}

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.loop(ctx, ended) })
	g.Go(func() error { return (&lookout{topology: t, reader: r}).run(ctx) })
	g.Go(func() error {
		// Both are stuck in the library until the connection goes.
		<-ctx.Done()
		hangUp(c)
		hangUp(other)
		return nil
	})
	return g.Wait()
}

func (s *Source) newReader(m *markers, in *intake) *reader {
	r := &reader{src: s, markers: m, in: in}
	if s.counter != nil {
		s.counter.reconnect()
		return r
	}
	last, again := s.journal.Last()
	r.want, r.last, r.again, r.wanted = last, last.Offset, again, again
	if s.proving && again {
		r.proving = true
		r.want, _ = s.journal.First()
		s.retries = newRetries(maxRetries) // what is cut off is to be forgotten
	}
	r.from = r.want.Offset
	return r
}

// start returns the x-stream-offset to begin at: a message read before, itself
// included, or some time before the window.
func (r *reader) start() any {
	if r.again {
		return int64(r.from) //nolint:gosec // RabbitMQ counts in int64
	}
	return streamAge(r.src.cfg.Window + readBack)
}

// consume begins to read. What it returns is closed when nothing more will come: the
// library has nothing to put into it, since the intake takes all.
func (r *reader) consume(c *connection) (ended <-chan amqp091.Delivery, err error) {
	r.conn = c
	err = c.inTime(func() error {
		ended, err = r.subscribe(c)
		return err
	})
	return ended, wrap("consume "+r.src.cfg.Stream, err)
}

func (r *reader) subscribe(c *connection) (<-chan amqp091.Delivery, error) {
	ch, err := c.Channel()
	if err != nil {
		return nil, err
	}
	// Asked for before there is a consumer, so that none of its ends is missed.
	r.ch = ch
	r.closed = ch.NotifyClose(make(chan *amqp091.Error, 1))
	r.cancelled = ch.NotifyCancel(make(chan string, 1))
	if err := ch.Qos(r.src.cfg.Prefetch, 0, false); err != nil {
		return nil, fmt.Errorf("set AMQP_PREFETCH to %d: %w", r.src.cfg.Prefetch, err)
	}
	var args amqp091.Table
	exclusive := r.src.counter != nil
	if !exclusive {
		args = amqp091.Table{streamOffset: r.start()}
	}
	return ch.Consume(r.src.cfg.Stream, r.in.tag, false, exclusive, false, false, args)
}

// loop takes messages until they end, and says why they did.
func (r *reader) loop(ctx context.Context, ended <-chan amqp091.Delivery) error {
	defer r.in.drop()
	defer r.src.journal.EndBatch() // the next message may be long in coming
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.in.lent:
			if err := r.own(ctx); err != nil {
				return err
			}
		case _, open := <-ended:
			if open {
				return errPassedBy
			}
			return r.ended(ctx)
		}
	}
}

// own takes what there is on the connection, which it has borrowed, for as long as
// that is messages alone.
func (r *reader) own(ctx context.Context) error {
	defer r.in.giveBack()
	for {
		if err := r.takeAll(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil || r.in.foreign() {
			return err
		}
		r.in.next()
	}
}

// ended says why deliveries ended; where the lookout knows, it leaves that to it
// and waits for the end of ctx. A cancelled consumer was told so behind its last
// message, which has come before; otherwise the channel is closing, and says why if it
// was not us, and what has come and was not taken comes again.
func (r *reader) ended(ctx context.Context) error {
	if r.conn.unanswered.Load() {
		<-ctx.Done() // the lookout, which asked, says what was not answered
		return ctx.Err()
	}
	select {
	case _, ok := <-r.cancelled:
		if ok {
			return r.takeLast(ctx)
		}
	default:
	}
	if err := <-r.closed; err != nil {
		return fmt.Errorf("the channel was closed: %w", err)
	}
	return amqp091.ErrClosed
}

// takeLast takes what came before the consumer was cancelled.
func (r *reader) takeLast(ctx context.Context) error {
	select {
	case <-r.in.lent:
		defer r.in.giveBack()
		if err := r.takeAll(ctx); err != nil {
			return err
		}
	default:
	}
	return errCancelled
}

// takeAll deals with all messages that have come. Sessions that are woken later may
// have to wait for the next one, if there is one; see loop.
func (r *reader) takeAll(ctx context.Context) error {
	all := r.in.deliveries
	for i := range all {
		r.more = i+1 < len(all)
		if err := r.take(ctx, &all[i], r.in.read); err != nil {
			return err
		}
	}
	r.src.journal.EndBatch() // the last message need not have come to the journal
	return nil
}

// take deals with one message, which was read now: it must be the one that was wanted, if one was;
// it goes to the journal; and the broker is told now and then how far we are,
// also on a quiet stream: it closes a channel that owes an acknowledgement for
// half an hour (RabbitMQ, consumer_timeout).
func (r *reader) take(ctx context.Context, d *delivery, now time.Time) error {
	at, known, err := r.place(d)
	if err != nil {
		return err
	}
	r.read.Add(1)
	r.taking.Store(true)
	defer r.taking.Store(false)
	r.src.passed.note(r.src.cfg.Exchanges.kindOf(d.exchange), d.check, r.src.retries.clock)
	if r.wanted && at.Offset >= r.from { // delivery may begin with the chunk that holds it
		if err := r.verify(at); err != nil {
			return err
		}
	}
	switch {
	case known: // it was read before
	case !r.again || at.Offset > r.last:
		if err := r.keep(ctx, at, d, r.lost(at.Offset), now); err != nil {
			return err
		}
		if r.src.counter != nil {
			r.src.counter.took(d)
		}
	case r.proving:
		r.remember(d)
	}
	r.unacked++
	if r.unacked >= max(1, r.src.cfg.Prefetch/8) || now.Sub(r.acked) >= r.src.cfg.LookEvery {
		r.unacked, r.acked = 0, now
		return r.acknowledge(d)
	}
	return nil
}

// acknowledge tells the broker how far we are: d was read.
func (r *reader) acknowledge(d *delivery) error {
	tag := d.tag
	if r.src.counter != nil {
		tag = r.src.counter.settled(d)
	}
	if tag == 0 { // to the broker it stands for all
		return nil
	}
	if err := r.ch.Ack(tag, true); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}

// place returns the position of d; known says that it was read before, where its
// position does not.
func (r *reader) place(d *delivery) (at journal.Position, known bool, err error) {
	if r.src.counter != nil {
		at, known = r.src.counter.place(d)
		return at, known, nil
	}
	offset, ok := d.offset()
	if !ok {
		return journal.Position{}, false, errNoOffset
	}
	return journal.Position{Offset: offset, Check: d.check}, false, nil
}
