// Package hub serves the WebSockets: it upgrades requests, authenticates clients, and
// writes each user's events to their sockets. Of the server's packages, only it and those
// in its internal directory use gorilla/websocket.
package hub

import (
	"cmp"
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
	"ranger/internal/hub/internal/answer"
	"ranger/internal/hub/internal/buffers"
	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/origin"
	"ranger/internal/hub/internal/pace"
	"ranger/internal/hub/internal/park"
	"ranger/internal/hub/internal/protocol"
	"ranger/internal/hub/internal/teardown"
	"ranger/internal/journal"
	"ranger/internal/ratelog"
)

// Verifier verifies tokens.
type Verifier interface {
	// Verify returns the identity of the token's owner. If the token is invalid, it
	// logs and counts that, and returns an error that is event.ErrRefused. peer is
	// the client's address.
	Verify(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error)
	// NoToken logs and counts that a client sent something else than a Bearer token.
	NoToken(ctx context.Context, peer netip.AddrPort)
}

// Metrics counts what happens on sockets. Its methods must be safe for concurrent use and
// must not block.
type Metrics interface {
	// Delivered counts events written to one socket.
	Delivered(n int)
	// Lagged observes, for each write of live events, the time from the read that
	// brought the oldest of them from the broker to the end of the write.
	Lagged(lag time.Duration)
	// Closed counts the end of one socket by its close code, one of CloseCodes.
	Closed(code int)
	// Unparkable counts a socket that keeps a goroutine though it could be parked,
	// because the WebSocket library does not read from the reader handed over.
	Unparkable()
}

// Config configures a Hub. Zero durations and sizes mean the defaults.
type Config struct {
	// Ready reports whether clients may connect; nil means always.
	Ready func() bool
	// Origins are the origins that may connect, in addition to that of the server.
	Origins Origins
	// AuthTimeout is how long a socket may stay open without a valid token, 30 s by
	// default.
	AuthTimeout time.Duration
	// PingInterval is the time between pings, 30 s by default. A peer that sends
	// nothing for two of them is dropped.
	PingInterval time.Duration
	// HeartbeatInterval is the time between heartbeats to clients that opted in, 15 s
	// by default.
	HeartbeatInterval time.Duration
	// CatchUp returns nil when everything that was in the stream at the call is in
	// the journal, or an error if that fails or ctx is done. It is called if a client
	// has seen more than the journal has; nil means that the journal never lags. It
	// must be safe for concurrent use.
	CatchUp func(ctx context.Context) error
	// WriteTimeout is the most time of one write, 10 s by default.
	WriteTimeout time.Duration
	// MaxMessage is the largest client message in bytes, 16 KiB by default.
	MaxMessage int64
	// Portable turns off the optimisations for Linux: each socket has a goroutine that
	// reads, and another one while there is something to write. Sockets of other
	// systems and of TLS are served so in any case.
	Portable bool
}

// Origins is the set of origins that may connect.
type Origins = origin.Set

// ParseOrigins parses a comma-separated list of origins: see origin.Parse.
func ParseOrigins(list string) (Origins, error) { return origin.Parse(list) }

// CloseCodes returns the codes by which Metrics.Closed counts.
func CloseCodes() []int {
	var codes []int
	for _, r := range protocol.CloseReasons() {
		codes = append(codes, int(r))
	}
	return codes
}

// logInterval is the least time between two log lines about the same kind of refusal.
const logInterval = time.Second

// Hub serves all sockets. It is an http.Handler.
type Hub struct {
	// Fixed at construction.
	cfg         Config
	journal     *journal.Journal
	verifier    Verifier
	metrics     Metrics
	log         *slog.Logger
	clock       clock.Clock
	closeWait   time.Duration // closeTimeout
	upgrader    websocket.Upgrader
	inlineLimit int             // sessions that may write inline in a batch
	untilDrain  context.Context //nolint:containedctx // done when Drain begins; it ends waits of many goroutines
	stopWaiting func()          // ends untilDrain

	// Safe for concurrent use.
	registry       registry
	teardown       *teardown.Queue
	writers        *writers
	throttle       throttle
	readBuffers    buffers.Readers
	writeBuffers   buffers.Writes
	poller         atomic.Pointer[park.Poller] // nil before Run, and if cfg.Portable
	refusedOrigins ratelog.Limiter
	refusedParks   ratelog.Limiter
	refusedOptions ratelog.Limiter
	lateCatchUps   ratelog.Limiter
	running        sync.WaitGroup // all sessions, and their goroutines

	appending *writer // owned by the goroutine that appends to the journal
}

// New returns a Hub that serves the events of j. The caller calls Run, and Drain at the
// end.
func New(cfg Config, j *journal.Journal, v Verifier, m Metrics, log *slog.Logger) *Hub {
	cfg.AuthTimeout = cmp.Or(cfg.AuthTimeout, 30*time.Second)
	cfg.PingInterval = cmp.Or(cfg.PingInterval, 30*time.Second)
	cfg.HeartbeatInterval = cmp.Or(cfg.HeartbeatInterval, 15*time.Second)
	cfg.WriteTimeout = cmp.Or(cfg.WriteTimeout, 10*time.Second)
	cfg.MaxMessage = cmp.Or(cfg.MaxMessage, 16<<10)
	if cfg.Ready == nil {
		cfg.Ready = func() bool { return true }
	}
	untilDrain, stopWaiting := context.WithCancel(context.Background())
	h := &Hub{
		cfg: cfg, journal: j, verifier: v, metrics: m, log: log,
		clock:     clock.New(),
		closeWait: closeTimeout,
		upgrader: websocket.Upgrader{
			WriteBufferPool: new(sync.Pool),                           // gorilla sends nothing: see hijackedConn
			CheckOrigin:     func(*http.Request) bool { return true }, // was checked before
			Error:           answer.BadUpgrade,
		},
		inlineLimit: pace.InlineLimit(runtime.GOMAXPROCS(0)),
		untilDrain:  untilDrain, stopWaiting: stopWaiting,
		teardown:  teardown.New(),
		appending: &writer{buf: new([]byte)},
	}
	h.writers, h.throttle.hub, h.throttle.interval = newWriters(h), h, throttleInterval
	return h
}

// Sockets returns the number of open sockets, and of those with a valid token.
func (h *Hub) Sockets() (open, authenticated int) { return h.registry.count() }
