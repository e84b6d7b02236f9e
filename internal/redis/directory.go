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

// Directory is a copy of the member directory in memory. It implements event.Directory.
type Directory struct {
	cfg      Config                   // fixed at construction
	log      *slog.Logger             // fixed at construction
	options  goredis.UniversalOptions // fixed at construction
	created  time.Time                // fixed at construction
	timeout  time.Duration            // of one command, less than Config.Wait; fixed at construction
	members  members
	health   health
	wasEmpty bool // owned by Run: the hash had no members when it was last read
}

// Status is the state of a Directory.
type Status struct {
	// Connected reports whether Redis answers.
	Connected bool
	// Since is the time at which Connected last changed.
	Since time.Time
	// Error is why Redis does not answer; nil if it does, and before the first attempt.
	// It contains no password.
	Error error
	// Members is the number of members in memory.
	Members int
	// Loaded reports whether the whole hash has been read at least once.
	Loaded bool
	// Settled reports whether the directory is loaded, or Config.Wait has passed
	// without: waiting longer for it is pointless.
	Settled bool
}

// NewDirectory returns an empty Directory, which Run fills. It returns an error only for
// an invalid URL; the error names REDIS_URL and quotes nothing of it.
func NewDirectory(cfg Config, log *slog.Logger) (*Directory, error) {
	options, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	logging.Disable() // go-redis's log has nothing that its errors do not have
	now := time.Now()
	cfg = cfg.withDefaults()
	return &Directory{
		cfg:     cfg,
		log:     log,
		options: *options,
		created: now,
		timeout: min(answerTimeout, cfg.Wait/2),
		health:  health{since: now, restored: make(chan struct{})},
	}, nil
}

// UID returns the uid of a member from memory. It never waits for Redis. It is safe for
// concurrent use.
func (d *Directory) UID(member string) (event.UID, bool) {
	return d.members.uid(member)
}

// Status returns the current state. It is safe for concurrent use.
func (d *Directory) Status() Status {
	s := d.health.status()
	s.Members = d.members.count()
	s.Settled = s.Loaded || time.Since(d.created) >= d.cfg.Wait
	return s
}

// pingEvery is the interval at which Redis is pinged between two readings of the hash.
const pingEvery = 5 * time.Second

// Run reads the hash every Config.RefreshEvery, and reconnects after each error, until
// ctx is done. Then it returns nil. When it returns, no goroutine and no connection of
// the directory is left.
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

// attempt uses one link until it fails or ctx is done. It reports whether Redis
// answered.
func (d *Directory) attempt(ctx context.Context) (answered bool) {
	dialing, end := context.WithCancel(ctx)
	l := newLink(dialing, d.options, d.timeout)
	leave := sync.OnceFunc(func() {
		d.health.drop(l)
		end()
		_ = l.client.Close() // its error has no consequence
	})
	defer func() {
		leave()
		d.health.drop(l) // an answer may have arrived while leave ran because of ctx
	}()
	// go-redis ignores ctx while it waits for an answer.
	defer context.AfterFunc(ctx, leave)()
	for next := time.Now(); ; {
		if time.Now().Before(next) {
			if err := d.ping(ctx, l); err != nil {
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
		case <-time.After(min(pingEvery, d.cfg.RefreshEvery)):
		}
	}
}
