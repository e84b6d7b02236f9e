// Package amqp reads ranger's stream from RabbitMQ for ever, keeps the topology
// that feeds it, and publishes. It alone knows amqp091-go.
package amqp

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

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
	// Members turns member ids into uids; nil: none is known.
	Members Members
	// Queue says that the node reads a classic queue of its own instead of a
	// stream, named after both: positions then end with the process.
	Queue bool
	// MaxAge (6 hours) and MaxBytes (1 GiB) bound the stream where it has to
	// be made.
	MaxAge   time.Duration
	MaxBytes int64
	// MaxBody is the largest body in bytes that is decoded, 256 KiB by default.
	MaxBody int
	// Prefetch is how many messages may be in flight, 2000 by default; of a
	// queue two at least.
	Prefetch int
	// Window is how far back a start reads, 15 minutes by default.
	Window time.Duration
	// LookEvery is how often topology and silence are looked at, 5 s by default.
	LookEvery time.Duration
	// Portable selects deliveries through amqp091-go's own channel, as systems other
	// than Linux and connections with TLS always use.
	Portable bool

	limits limits
}

// Metrics is told what became of messages, by the goroutine that reads.
type Metrics interface {
	// Event counts an event that was appended for a user.
	Event(kind event.Kind)
	// Undelivered counts a recipient, or a whole message, that was not served.
	Undelivered(reason event.Reason)
	// Retried counts a message that was read before, by its message_id.
	Retried()
	// Gap counts a gap that clients are told of.
	Gap(reason event.GapReason)
}

// Source reads the stream into a journal, whose only writer it is.
type Source struct {
	cfg      Config           // fixed at construction
	log      *slog.Logger     // fixed at construction
	metrics  Metrics          // fixed at construction
	journal  *journal.Journal // fixed at construction
	denied   map[string]error // see topology
	catchUps catchUps         // who waits until all was read
	asked    chan struct{}    // says that there is somebody waiting; it has room for one
	passed   passed           // what came through each exchange of late
	missed   missed           // member ids whose users are to be told of a gap
	looked   atomic.Int64     // when a node last found the topology well, Unix ms; 0 for never

	// Owned by Run, and while there is a connection by the goroutine that reads;
	// warned by the lookout.
	unrouted *unroutedLog
	decoder  *event.Decoder
	retries  *retries
	counter  *counter              // nil where the stream counts
	proving  bool                  // all that is held is to be compared with the stream
	whole    bool                  // the stream is being read from its first message on
	owed     *event.Gap            // to be told before the next message
	readAt   int64                 // when the last message was read, Unix ms
	warned   [event.Trade + 1]bool // that an exchange cannot be watched over
	doubted  time.Time             // when it was last said that nodes' clocks differ

	mu     sync.Mutex
	status Status // guarded by mu
}

// NewSource returns a Source that appends to j. Run it to read.
func NewSource(cfg Config, j *journal.Journal, m Metrics, log *slog.Logger) *Source {
	s := &Source{
		cfg:      cfg.withDefaults(),
		log:      log,
		metrics:  m,
		journal:  j,
		asked:    make(chan struct{}, 1),
		unrouted: newUnroutedLog(log),
		retries:  newRetries(maxRetries),
		denied:   make(map[string]error),
		status:   Status{State: Connecting, Since: time.Now()},
	}
	var members event.Directory // nil, unless there is one
	if cfg.Members != nil {
		members = cfg.Members
	}
	s.decoder = event.NewDecoder(s.cfg.MaxBody, members)
	if cfg.Queue {
		s.cfg.Stream = queueName(s.cfg)
		s.cfg.Prefetch = max(2, s.cfg.Prefetch) // one is never acknowledged
		s.counter = newCounter(s.cfg.Prefetch)
	}
	return s
}

// Run reads until ctx is done, and reconnects for as long as it takes. It
// returns nil once its goroutines have ended.
func (s *Source) Run(ctx context.Context) error {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	if s.counter != nil {
		s.log.WarnContext(ctx, "events are read from a queue of this node's own: no client can resume after this process ends, nor on another node, and after a crash of the broker an event may be missing or come twice; AMQP_SOURCE=stream promises more",
			"queue", s.cfg.Stream)
	}
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
			s.distrust(ctx, err)
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

// distrust deals with a stream that is not the one read before: at first all
// that is held is to be compared with it; where nothing of it is there, it is
// forgotten.
func (s *Source) distrust(ctx context.Context, err error) {
	if !s.proving && !errors.Is(err, errMadeAnew) {
		s.proving = true
		s.log.WarnContext(ctx, "the stream does not hold the last message read; what it does hold is compared", "stream", s.cfg.Stream, "error", err)
		return
	}
	s.proving = false
	since := s.journal.Truncate(0)
	if since == 0 {
		since = s.readAt
	}
	s.owe(event.GapStream, since)
	s.retries = newRetries(maxRetries)
	s.log.ErrorContext(ctx, "the stream is not the one read before: the window is emptied and read again, and clients are told of the gap",
		"stream", s.cfg.Stream, "error", err)
}

// attempt is the life of one pair of connections: one to read, one for markers.
func (s *Source) attempt(ctx context.Context) error {
	in := newIntake(s.cfg.MaxBody)
	reading, hangUpReading, err := s.connect(ctx, "ranger "+s.cfg.Node, in)
	if err != nil {
		return err
	}
	defer hangUpReading()
	marking, hangUpMarking, err := s.connect(ctx, "ranger "+s.cfg.Node+" markers", nil)
	if err != nil {
		return err
	}
	defer hangUpMarking()

	t := topology{conn: reading, cfg: s.cfg, log: s.log, denied: s.denied}
	if err := s.make(ctx, &t); err != nil {
		return err
	}
	return s.read(ctx, reading, marking, in, &t)
}

// make sees that all that is needed is there.
func (s *Source) make(ctx context.Context, t *topology) error {
	if s.counter != nil {
		made, full, err := t.ensureQueue()
		if err != nil {
			return err
		}
		_, read := s.journal.Last()
		s.whole = made && !read
		s.oweForQueue(made && read, full)
		return t.makeFeeds(ctx, made)
	}
	standing, err := t.findStream()
	made := false
	if err == nil && !standing {
		made, err = t.makeStream()
	}
	if err != nil {
		return err
	}
	if err := t.makeFeeds(ctx, made); err != nil {
		return err
	}
	if _, read := s.journal.Last(); made && read {
		return errMadeAnew
	}
	return nil
}

// connect opens a connection, which the end of ctx ends, and returns what hangs
// up and waits for it. Deliveries are for in, unless that is nil.
func (s *Source) connect(ctx context.Context, name string, in *intake) (*connection, func(), error) {
	c, err := dial(ctx, s.cfg.URL, name, in, s.cfg.limits)
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
	c.limits = c.limits.withDefaults()
	or(&c.limits.Silence, 2*c.LookEvery)
	or(&c.limits.Straggle, c.LookEvery/5)
	return c
}

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
