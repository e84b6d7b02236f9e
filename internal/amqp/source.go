// Package amqp reads ranger's stream from RabbitMQ into the journal, for as long
// as the process runs. Its subpackages declare and check what that needs at the
// broker, publish, and read the stream for commands. Nothing else in ranger uses
// amqp091-go, except the baseline of the load test.
package amqp

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"ranger/internal/amqp/internal/catchup"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/outage"
	"ranger/internal/amqp/internal/sequence"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// Source reads the stream into a journal, whose only writer it is.
type Source struct {
	cfg      Config            // with defaults; fixed at construction
	log      *slog.Logger      // fixed at construction
	journal  *journal.Journal  // fixed at construction
	catchUps *catchup.Requests // fixed at construction

	// Owned by Run, and during a connection by the goroutine that reads.
	pipeline  *pipeline
	sequencer *sequence.Sequencer // nil for a stream

	// Owned by Run, and during a connection by the monitor.
	topology *topology.Topology
	guard    *topology.Guard

	// Owned by Run; what hosts dials last is also read by Status.
	hosts      *conn.Hosts
	outage     *outage.Log
	revalidate bool // the next connection compares all of the journal with the stream
	fromFirst  bool // the stream is read from its first message
	passage    passage

	mu     sync.Mutex
	status Status // guarded by mu
}

// NewSource returns a Source that appends to j. Run it to read.
func NewSource(cfg Config, j *journal.Journal, m Metrics, log *slog.Logger) *Source {
	cfg = cfg.withDefaults()
	t := topology.New(cfg.Config, log)
	s := &Source{
		cfg:      cfg,
		log:      log,
		journal:  j,
		catchUps: catchup.New(),
		hosts:    conn.NewHosts(cfg.URL),
		outage:   outage.New(log),
		topology: t,
		guard:    topology.NewGuard(t, cfg.CheckInterval, cfg.limits.Grace, log),
		status:   Status{State: Connecting, Since: time.Now()},
	}
	if cfg.Queue {
		s.sequencer = sequence.New(cfg.Prefetch)
	}
	s.pipeline = newPipeline(cfg, j, s.guard, m, log)
	return s
}

// CatchUp returns nil when everything that was in the stream at the call is in the
// journal, else the error of ctx. It waits for a broker that is down. It is safe for
// concurrent use.
func (s *Source) CatchUp(ctx context.Context) error { return s.catchUps.Wait(ctx) }

// The pause after each round of attempts to connect to all hosts grows from minPause to
// maxPause.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// Run reads until ctx is done. It reconnects as often as needed. It returns nil
// once its goroutines have ended.
func (s *Source) Run(ctx context.Context) error {
	if s.cfg.Queue {
		s.log.WarnContext(ctx, "reading a queue of this node, not a stream", "queue", s.cfg.Source(), "advice",
			"clients cannot resume after this process ends, nor on another node, and a crash of the broker may lose or repeat an event: AMQP_SOURCE=stream avoids this")
	}
	pause := minPause
	for ctx.Err() == nil {
		err := s.attempt(ctx)
		if ctx.Err() != nil {
			break
		}
		if s.Status().State == Following {
			pause = minPause
			s.outage.Over()
		}
		s.setState(Connecting, err)
		if errors.Is(err, errStreamMismatch) {
			s.handleStreamMismatch(ctx, err)
			pause = minPause
		} else if errors.Is(err, errReadSingly) {
			s.log.InfoContext(ctx, "read message by message, will reconnect to read at full speed", "reason", err)
		} else {
			s.outage.Failed(ctx, s.hosts.Host(), err)
		}
		if s.passage.stuck {
			if err := s.pass(ctx); err != nil {
				s.log.WarnContext(ctx, "the connection ends at the same offset each time, and looking behind it failed", "error", err, "advice", conn.Advice(err))
			} else {
				pause = minPause
			}
		}
		if !s.hosts.RoundOver() {
			continue // with the next host
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause/2)): //nolint:gosec // jitter needs no secrecy
		}
		pause = min(2*pause, maxPause)
	}
	return nil
}

// handleStreamMismatch deals with a stream that is not the one read before. The
// first time, the next connection compares the journal with it; if nothing of the
// journal is in the stream, the journal is emptied.
func (s *Source) handleStreamMismatch(ctx context.Context, err error) {
	if !s.revalidate && !errors.Is(err, errStreamCreated) {
		s.revalidate = true
		s.log.WarnContext(ctx, "the stream lacks the last message read; comparing all of it", "stream", s.cfg.Stream, "error", err)
		return
	}
	s.revalidate = false
	s.passage = passage{}
	since := s.journal.Truncate(0)
	if since == 0 {
		since = s.pipeline.lastRead
	}
	s.pipeline.deferGap(event.GapStream, since)
	s.pipeline.forget()
	s.log.ErrorContext(ctx, "the stream is another one; reading it anew, gap announced", "stream", s.cfg.Stream, "error", err)
}
