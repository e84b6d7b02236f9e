package amqp

import (
	"context"
	"errors"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/control"
	"ranger/internal/amqp/scan"
)

// These end a connection.
var (
	// errStreamMismatch means that the stream is not the one read before.
	errStreamMismatch = errors.New("the last message read is no longer in the stream")
	// errStreamCreated is an errStreamMismatch without doubt.
	errStreamCreated = mismatch("the stream was gone and has been declared again")
	errStreamShorter = mismatch("the stream ends before the last message read")

	errCancelled = errors.New("the broker cancelled the consumer: the stream was deleted, or its node went down")
	errSilent    = errors.New("a confirmed marker did not come back")
	// errReadSingly ends a connection on which messages were read one by one.
	errReadSingly  = errors.New("what ended the connections before is over")
	errNotDiverted = errors.New("the library got a delivery that was not for it")
)

// mismatch is a kind of errStreamMismatch.
type mismatch string

func (m mismatch) Error() string        { return string(m) }
func (m mismatch) Is(target error) bool { return target == errStreamMismatch }

// attempt connects to the next host, and reads until a connection ends. It uses two
// connections, because an alarm of the broker stops those that publish.
func (s *Source) attempt(ctx context.Context) error {
	in := s.newDeliveries()
	reading, closeReading, err := s.connect(ctx, s.hosts.Dial, in.options("ranger "+s.cfg.Node))
	if err != nil {
		return err
	}
	defer closeReading()
	marking, closeMarking, err := s.connect(ctx, s.hosts.Again, conn.Options{Name: "ranger " + s.cfg.Node + " markers"})
	if err != nil {
		return err
	}
	defer closeMarking()

	if err := s.ensureTopology(ctx, reading); err != nil {
		return err
	}
	return s.read(ctx, reading, marking, in)
}

// dial is a method of conn.Hosts.
type dial func(context.Context, conn.Options) (*conn.Conn, error)

// connect opens a connection, which also ends with ctx, and returns what closes it.
func (s *Source) connect(ctx context.Context, dial dial, o conn.Options) (*conn.Conn, func(), error) {
	o.Timeouts = s.cfg.limits.Timeouts
	c, err := dial(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { c.Close(); close(closed) })
	return c, func() {
		if !stop() {
			<-closed // only the first Close waits for the broker's answer
		}
		c.Close()
	}, nil
}

// ensureTopology declares what is missing at the broker, and defers the gap that
// this proves.
func (s *Source) ensureTopology(ctx context.Context, c *conn.Conn) error {
	s.topology.Use(c)
	found, err := s.topology.Ensure()
	if err != nil {
		return err
	}
	_, read := s.journal.Last()
	if s.cfg.Queue {
		s.fromFirst = found.Created && !read
		s.pipeline.deferQueueGaps(found.Created && read, found.Full)
	}
	if err := s.guard.EnsureBindings(ctx, found.Created); err != nil {
		return err
	}
	if !s.cfg.Queue && found.Created && read {
		return errStreamCreated
	}
	return nil
}

// read reads over c until a connection ends. Markers go over marking.
func (s *Source) read(ctx context.Context, c, marking *conn.Conn, in deliveries) error {
	w, err := control.NewWriter(marking, s.cfg.Source(), s.cfg.Node, s.cfg.limits.Record)
	if err != nil {
		return err
	}
	defer w.Wait()
	defer marking.Close()
	if err := w.Send(); err != nil {
		return err
	}
	s.pipeline.writer = w
	r := s.newReader(in)
	defer in.Stop() // before c is closed: its goodbye must not wait for the reader
	ended := c.NotifyClose(make(chan *amqp091.Error, 1))
	err = s.readWith(ctx, r, c, marking, w)
	select {
	case e := <-ended:
		if e != nil && conn.IsCrash(e) { // rather than what this did to a request
			err = e
		}
	default:
	}
	s.passage.note(r.next(), err)
	return err
}

// readWith reads by r over c.
func (s *Source) readWith(ctx context.Context, r *reader, c, marking *conn.Conn, w *control.Writer) (err error) {
	if !r.resumes && !s.cfg.Queue {
		if err := s.findWindow(ctx, r, c, w); err != nil {
			return err
		}
	}
	s.passage.announce(r)
	if err := r.consume(c); err != nil {
		return err
	}
	s.setState(Reading, nil)
	s.log.InfoContext(ctx, "reading", "host", s.hosts.Host(), "source", s.cfg.Source(), "from", r.begin())

	m := &monitor{
		cfg: s.cfg, log: s.log, conn: c, writer: w, guard: s.guard, catchUps: s.catchUps,
		unresolved: &s.pipeline.unresolved, progress: &r.progress, follow: s.follow, fromFirst: s.fromFirst,
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.loop(ctx) })
	g.Go(func() error { return m.run(ctx) })
	g.Go(func() error {
		// Both may wait in the library until the connections end.
		<-ctx.Done()
		c.Close()
		marking.Close()
		return nil
	})
	err = g.Wait()
	if r.revalidated {
		s.revalidate = false
	}
	return err
}

// findWindow sets r.windowStart.
func (s *Source) findWindow(ctx context.Context, r *reader, c *conn.Conn, w *control.Writer) (err error) {
	if r.windowStart = s.passage.windowStart; !s.passage.windowSet {
		r.windowStart, err = scan.WindowStart(ctx, c, w, s.cfg.Stream, s.cfg.Window, s.cfg.limits.Window)
	}
	s.fromFirst = r.windowStart == 0
	return err
}
