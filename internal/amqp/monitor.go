package amqp

import (
	"context"
	"log/slog"
	"time"

	"ranger/internal/amqp/internal/catchup"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/control"
	"ranger/internal/amqp/internal/unresolved"
	"ranger/internal/amqp/scan"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
)

// monitor checks over one connection what the broker does not report: the topology,
// by the Guard, and that messages still arrive. It writes the markers. It runs on
// its own goroutine.
type monitor struct {
	cfg        Config
	log        *slog.Logger
	conn       *conn.Conn // of the reader
	writer     *control.Writer
	guard      *topology.Guard
	catchUps   *catchup.Requests
	unresolved *unresolved.Members
	progress   *progress                            // of the reader
	follow     func(_ context.Context, read uint64) // called after each round
	fromFirst  bool                                 // the stream is read from its first message

	answered time.Time // when the last round for callers of CatchUp began
	compared bool      // the end of the stream was compared with what was read
}

// run checks until ctx is done, or something is wrong that needs a new connection.
// The first marker has been sent.
func (m *monitor) run(ctx context.Context) error {
	if err := m.await(ctx); err != nil {
		return err
	}
	if err := m.guard.Prepare(m.fromFirst); err != nil {
		return err
	}
	tick := time.NewTicker(m.cfg.CheckInterval)
	defer tick.Stop()
	for check := true; ; {
		m.catchUps.Begin()
		err := m.round(ctx, check)
		m.catchUps.End(err == nil)
		if err != nil {
			return err // the first round over the next connection answers all callers
		}
		m.follow(ctx, m.progress.read.Load())
		if m.progress.singly {
			return errReadSingly
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.writer.Done():
			return m.writer.Err()
		case <-m.catchUps.Requested():
			check = false
			if err := m.holdBack(ctx); err != nil {
				return err
			}
		case <-tick.C:
			check = true
		}
	}
}

// answerInterval is the shortest time between two rounds for callers of CatchUp:
// clients must not make the node fill the stream with markers.
const answerInterval = 50 * time.Millisecond

// holdBack waits until answerInterval has passed since it last returned.
func (m *monitor) holdBack(ctx context.Context) error {
	defer func() { m.answered = time.Now() }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(m.answered.Add(answerInterval))):
		return nil
	}
}

// round checks the topology, if it is time to, and returns when everything that was
// in the stream at its call has been read.
func (m *monitor) round(ctx context.Context, check bool) error {
	if check {
		began := time.Now()
		if err := m.guard.Check(ctx, m); err != nil {
			return err
		}
		m.writer.SetChecked(began.UnixMilli())
		if err := m.announceMembers(ctx); err != nil {
			return err
		}
	}
	return m.CatchUp(ctx)
}

// CatchUp returns nil when everything that was in the stream at the call has been
// read.
func (m *monitor) CatchUp(ctx context.Context) error {
	if err := m.writer.Send(); err != nil {
		return err
	}
	return m.await(ctx)
}

// RecordGap writes a gap into the stream.
func (m *monitor) RecordGap(ctx context.Context, g event.Gap) error {
	return m.writer.RecordGap(ctx, g)
}

// PlaceMark puts a message into a queue that does not outlive the broker.
func (m *monitor) PlaceMark(ctx context.Context, queue string) error {
	return m.writer.PlaceMark(ctx, queue)
}

// await returns when the last marker sent has been read.
func (m *monitor) await(ctx context.Context) error {
	read, since := m.progress.read.Load(), time.Now()
	return m.writer.Await(ctx, m.cfg.CheckInterval/10, func(blocked bool) error {
		if now := m.progress.read.Load(); now != read || blocked || m.progress.processing.Load() {
			read, since = now, time.Now()
			return nil
		}
		return m.checkSilence(ctx, time.Since(since))
	})
}

// checkSilence returns what it means that nothing has arrived for so long: the
// broker is slow, or the stream is another one and shorter. A consumer that begins
// after the end of a stream waits silently.
func (m *monitor) checkSilence(ctx context.Context, quiet time.Duration) error {
	p, limits := m.progress, m.cfg.limits
	if p.resumes && p.read.Load() == 0 && quiet >= m.cfg.CheckInterval/5 && !m.compared {
		m.compared = true
		end, ok, err := scan.End(ctx, m.conn, m.cfg.Stream, limits.End, limits.End)
		if err != nil {
			return err
		}
		if ok && end < p.resumeAt {
			return errStreamShorter
		}
	}
	if quiet < limits.Silence {
		return nil
	}
	confirmed, err := m.writer.Confirmed()
	if err != nil {
		return err
	}
	if !confirmed {
		return control.ErrNotConfirmed
	}
	return errSilent
}
