// Package hub keeps the clients' sockets: it upgrades requests, speaks the
// socket protocol, and writes to each socket what its user's log holds. It alone
// knows gorilla/websocket.
package hub

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/park"
	"ranger/internal/hub/internal/protocol"
	"ranger/internal/journal"
	"ranger/internal/ratelog"
)

// Verifier says who bears a token.
type Verifier interface {
	// Verify returns the token's identity, or an error that is event.ErrRefused when
	// the token is bad. It logs and counts refusals itself. peer is the
	// client's address.
	Verify(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error)
	// NoToken logs and counts that a client sent something else than a Bearer
	// token.
	NoToken(ctx context.Context, peer netip.AddrPort)
}

// Metrics is told what happens on sockets. Its methods may be called at once
// from many goroutines, and must not block.
type Metrics interface {
	// Delivered counts events written to one socket.
	Delivered(n int)
	// Lagged is told, for each write of live events, how long before its end this
	// node had taken the oldest of them from the broker.
	Lagged(lag time.Duration)
	// Closed counts the end of one socket by its close code, one of CloseCodes.
	Closed(code int)
	// Unparkable counts a socket that keeps a goroutine though it could be parked,
	// because the WebSocket library does not read from the reader handed over.
	Unparkable()
}

// Config sets a Hub up. Zero durations and sizes stand for the defaults given.
type Config struct {
	// Ready tells whether clients may connect; nil means always.
	Ready func() bool
	// Origins are those that may connect beside the server's own.
	Origins Origins
	// AuthTimeout is how long a socket may stay without a good token, 30 s by
	// default.
	AuthTimeout time.Duration
	// PingInterval is 30 s by default; a peer that is silent for two is dropped.
	PingInterval time.Duration
	// HeartbeatInterval is how often a client that resumes is told how far it is,
	// 15 s by default.
	HeartbeatInterval time.Duration
	// CatchUp returns nil when all that was in the stream at the call is in the
	// journal, an error when it cannot be or ctx is done. It is called where a
	// client has seen more than the journal has; nil means that the journal never
	// lags. It may be called at once from many goroutines.
	CatchUp func(ctx context.Context) error
	// WriteTimeout bounds one write, 10 s by default.
	WriteTimeout time.Duration
	// MaxMessage is the largest client message in bytes, 16 KiB by default.
	MaxMessage int64
	// Portable uses no optimisation for Linux: each socket has a goroutine that
	// reads, and another one while there is something to write. Sockets of other
	// systems, and those of TLS, are served so in any case.
	Portable bool
}

// CloseCodes returns the codes by which Metrics.Closed counts.
func CloseCodes() []int {
	var codes []int
	for _, r := range protocol.CloseReasons() {
		codes = append(codes, int(r))
	}
	return codes
}

// logInterval is the least time between two log lines about the same kind of
// refusal.
const logInterval = time.Second

// Hub is the server of all sockets. It is an http.Handler.
type Hub struct {
	cfg       Config
	journal   *journal.Journal
	verifier  Verifier
	metrics   Metrics
	log       *slog.Logger
	began     time.Time     // instants are reckoned from here
	closeWait time.Duration // closeTimeout
	upgrader  websocket.Upgrader
	registry  registry
	teardown  *teardown
	writers   *writers
	throttle  throttle
	appending *writer // owned by the goroutine that appends to the journal

	inlineLimit int // sessions that may write inline in a batch; fixed at construction

	buffers        buffers
	readers        readers
	poller         atomic.Pointer[park.Poller] // nil before Run
	origins        ratelog.Limiter             // of log lines about refused origins
	behind         ratelog.Limiter             // of log lines about clients that are ahead
	refusedOptions ratelog.Limiter             // of log lines about refused options
	running        sync.WaitGroup              // all sessions, and their goroutines

	staying context.Context //nolint:containedctx // it ends waits in many goroutines: until Drain begins
	leave   func()          // ends staying
}

// New returns a Hub that serves what j holds. Run it for its clocks, and Drain
// it at the end.
func New(cfg Config, j *journal.Journal, v Verifier, m Metrics, log *slog.Logger) *Hub {
	or(&cfg.AuthTimeout, 30*time.Second)
	or(&cfg.PingInterval, 30*time.Second)
	or(&cfg.HeartbeatInterval, 15*time.Second)
	or(&cfg.WriteTimeout, 10*time.Second)
	or(&cfg.MaxMessage, 16<<10)
	if cfg.Ready == nil {
		cfg.Ready = func() bool { return true }
	}
	staying, leave := context.WithCancel(context.Background())
	h := &Hub{
		began:     time.Now().Add(-time.Second), // no instant is 0
		closeWait: closeTimeout,
		staying:   staying, leave: leave,
		cfg: cfg, journal: j, verifier: v, metrics: m, log: log,
		teardown: newTeardown(),
		upgrader: websocket.Upgrader{
			WriteBufferPool: new(sync.Pool),                           // gorilla writes nothing: see wire
			CheckOrigin:     func(*http.Request) bool { return true }, // checked before
			Error:           refuseUpgrade,
		},
	}
	h.writers, h.appending = newWriters(h), newWriter()
	h.throttle.hub, h.inlineLimit = h, inlineLimit(runtime.GOMAXPROCS(0))
	return h
}

// Sockets returns how many sockets are open, and how many of them bore a good
// token.
func (h *Hub) Sockets() (open, authenticated int) { return h.registry.count() }

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
