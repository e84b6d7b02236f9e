package redis

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"ranger/internal/event"
)

// Directory is the member directory: a hash in Redis, held in memory. It is an
// event.Directory.
type Directory struct {
	cfg     Config                   // fixed at construction
	log     *slog.Logger             // fixed at construction
	options goredis.UniversalOptions // fixed at construction
	made    time.Time                // fixed at construction
	answer  time.Duration            // how long a command may take: less than Find may; fixed at construction
	members members
	health  health
	wasBare bool // owned by Run: the last reading found nobody
}

// Status is how a Directory fares.
type Status struct {
	// Connected says that Redis answers, and Since when it began to, or ceased to.
	Connected bool
	Since     time.Time
	// Error is why it does not; nil while it does, and before the first try. It
	// bears no password.
	Error error
	// Members is how many there are in memory.
	Members int
	// Loaded says that the hash was read whole at least once.
	Loaded bool
	// Settled says that it is loaded, or that Config.Wait has passed without:
	// nobody need wait for it any longer.
	Settled bool
}

// NewDirectory returns a Directory that knows nobody yet. Run it to read. The
// error is of a bad URL alone; it names REDIS_URL and quotes nothing of it.
func NewDirectory(cfg Config, log *slog.Logger) (*Directory, error) {
	options, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	logging.Disable() // go-redis's own lines tell no more than its errors do
	now := time.Now()
	cfg = cfg.withDefaults()
	return &Directory{
		cfg:     cfg,
		log:     log,
		options: *options,
		made:    now,
		answer:  min(answerTime, cfg.Wait/2),
		health:  health{since: now, back: make(chan struct{})},
	}, nil
}

// UID returns a member's uid from memory alone. It never waits for Redis and is
// safe for concurrent use.
func (d *Directory) UID(member string) (event.UID, bool) {
	return d.members.uid(member)
}

// Status returns how the directory fares now. It is safe for concurrent use.
func (d *Directory) Status() Status {
	s := d.health.status()
	s.Members = d.members.count()
	s.Settled = s.Loaded || time.Since(d.made) >= d.cfg.Wait
	return s
}

// lookEvery is the time between two looks whether Redis answers.
const lookEvery = 5 * time.Second

// Run reads the hash, and again every Config.RefreshEvery, until ctx is done,
// and reconnects for as long as it takes. It returns nil once the client is
// closed.
func (d *Directory) Run(ctx context.Context) error {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	pause := shortest
	for ctx.Err() == nil {
		if answered := d.attempt(ctx); answered {
			pause = shortest
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

// attempt is the life of one link. It reports whether Redis answered.
func (d *Directory) attempt(ctx context.Context) (answered bool) {
	life, end := context.WithCancel(ctx)
	l := newLink(life, d.options, d.answer)
	leave := sync.OnceFunc(func() {
		d.health.drop(l)
		end()
		_ = l.client.Close() // nothing depends on it
	})
	defer func() {
		leave()
		d.health.drop(l) // an answer may have come while leave ran for ctx
	}()
	// go-redis does not heed that ctx is done while it waits for an answer.
	defer context.AfterFunc(ctx, leave)()
	for next := time.Now(); ; {
		if time.Now().Before(next) {
			if err := d.probe(ctx, l); err != nil {
				return answered
			}
		} else {
			if err := d.refresh(ctx, l); err != nil {
				return answered
			}
			next = time.Now().Add(d.cfg.RefreshEvery)
		}
		answered = true
		select {
		case <-ctx.Done():
			return answered
		case <-l.failed:
			return answered
		case <-time.After(min(lookEvery, d.cfg.RefreshEvery)):
		}
	}
}
