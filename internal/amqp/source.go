// Package amqp reads ranger's stream from RabbitMQ for ever, keeps the topology
// that feeds it, and publishes. It alone knows amqp091-go.
package amqp

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// Config says where the broker is and what of it is ranger's. Zero values stand
// for the defaults given.
type Config struct {
	// URL is the broker's, amqp:// or amqps://. It is never logged.
	URL string
	// Node names this process to the broker and in markers.
	Node string
	// Exchanges are what publishers send to.
	Exchanges Exchanges
	// Stream names the stream that both exchanges feed, "ranger" by default.
	Stream string
	// MaxAge (6 hours) and MaxBytes (1 GiB) bound the stream where it has to
	// be made.
	MaxAge   time.Duration
	MaxBytes int64
	// MaxBody is the largest body in bytes that is decoded, 256 KiB by default.
	MaxBody int
	// Prefetch is how many messages may be in flight, 2000 by default.
	Prefetch int
	// Window is how far back a start reads, 15 minutes by default.
	Window time.Duration
	// LookEvery is how often topology and silence are looked at, 5 s by default.
	LookEvery time.Duration
}

// Metrics is told what became of messages, by the goroutine that reads.
type Metrics interface {
	// Event counts an event that was appended for a user.
	Event(kind event.Kind)
	// Unrouted counts a recipient, or a whole message, that was not served.
	Unrouted(reason event.Reason)
}

// Source reads the stream into a journal, whose only writer it is.
type Source struct {
	cfg      Config           // fixed at construction
	log      *slog.Logger     // fixed at construction
	metrics  Metrics          // fixed at construction
	journal  *journal.Journal // fixed at construction
	unrouted *unroutedLog     // owned by the goroutine that reads

	mu     sync.Mutex
	status Status // guarded by mu
}

// NewSource returns a Source that appends to j. Run it to read.
func NewSource(cfg Config, j *journal.Journal, m Metrics, log *slog.Logger) *Source {
	return &Source{
		cfg:      cfg.withDefaults(),
		log:      log,
		metrics:  m,
		journal:  j,
		unrouted: newUnroutedLog(log),
		status:   Status{State: Connecting, Since: time.Now()},
	}
}

// Run reads until ctx is done, and reconnects for as long as it takes. It
// returns nil once its goroutines have ended.
func (s *Source) Run(ctx context.Context) error {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	pause := shortest
	for ctx.Err() == nil {
		err := s.attempt(ctx)
		if ctx.Err() != nil {
			break
		}
		if s.Status().State == Following {
			pause = shortest
		}
		s.setState(Connecting, err)
		if errors.Is(err, errForeign) {
			s.journal.Reset()
			s.log.ErrorContext(ctx, "the stream is not the one read before: the window is emptied and read again; what was published in between may be lost",
				"stream", s.cfg.Stream, "error", err)
			pause = shortest
		} else {
			s.log.ErrorContext(ctx, "reading the broker ended, will reconnect", "error", err, "advice", advice(err))
		}
		wait := pause/2 + rand.N(pause/2) //nolint:gosec // jitter needs no secrecy
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		pause = min(2*pause, longest)
	}
	return nil
}

// attempt is the life of one pair of connections: one to read, one for markers.
func (s *Source) attempt(ctx context.Context) error {
	reading, hangUpReading, err := s.connect(ctx, "ranger "+s.cfg.Node)
	if err != nil {
		return err
	}
	defer hangUpReading()
	marking, hangUpMarking, err := s.connect(ctx, "ranger "+s.cfg.Node+" markers")
	if err != nil {
		return err
	}
	defer hangUpMarking()

	t := topology{conn: reading, cfg: s.cfg, log: s.log}
	made, err := t.make()
	if err != nil {
		return err
	}
	if _, read := s.journal.Last(); made && read {
		return errMadeAnew
	}
	return s.read(ctx, reading, marking, &t)
}

// connect opens a connection, which the end of ctx ends, and returns what hangs
// up and waits for it.
func (s *Source) connect(ctx context.Context, name string) (*amqp091.Connection, func(), error) {
	c, err := dial(ctx, s.cfg.URL, name)
	if err != nil {
		return nil, nil, err
	}
	hungUp := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { hangUp(c); close(hungUp) })
	return c, func() {
		if !stop() {
			<-hungUp // only the first to hang up waits for the broker's answer
		}
		hangUp(c)
	}, nil
}

func (c Config) withDefaults() Config {
	c.Exchanges = c.Exchanges.withDefaults()
	or(&c.Stream, "ranger")
	or(&c.MaxAge, 6*time.Hour)
	or(&c.MaxBytes, 1<<30)
	or(&c.MaxBody, 256<<10)
	or(&c.Prefetch, 2000)
	or(&c.Window, 15*time.Minute)
	or(&c.LookEvery, 5*time.Second)
	return c
}

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
