// Package hub keeps the clients' sockets: it upgrades requests, speaks the
// socket protocol, and writes to each socket what its user's log holds. It alone
// knows gorilla/websocket.
package hub

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/journal"
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
	// Closed counts the end of one socket by its Ending.
	Closed(code int)
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
	// WriteTimeout bounds one write, 10 s by default.
	WriteTimeout time.Duration
	// MaxMessage is the largest client message in bytes, 16 KiB by default.
	MaxMessage int64
}

// Hub is the server of all sockets. It is an http.Handler.
type Hub struct {
	cfg      Config
	journal  *journal.Journal
	verifier Verifier
	metrics  Metrics
	log      *slog.Logger
	upgrader websocket.Upgrader
	registry registry
	buffers  buffers
	origins  sparse         // of log lines about refused origins
	running  sync.WaitGroup // the goroutines of all sessions
}

// New returns a Hub that serves what j holds. Run it for its clocks, and Drain
// it at the end.
func New(cfg Config, j *journal.Journal, v Verifier, m Metrics, log *slog.Logger) *Hub {
	or(&cfg.AuthTimeout, 30*time.Second)
	or(&cfg.PingInterval, 30*time.Second)
	or(&cfg.WriteTimeout, 10*time.Second)
	or(&cfg.MaxMessage, 16<<10)
	if cfg.Ready == nil {
		cfg.Ready = func() bool { return true }
	}
	return &Hub{
		cfg: cfg, journal: j, verifier: v, metrics: m, log: log,
		upgrader: websocket.Upgrader{
			ReadBufferSize:  readBuffer,
			WriteBufferPool: new(sync.Pool),                           // gorilla writes nothing: see wire
			CheckOrigin:     func(*http.Request) bool { return true }, // checked before
			Error:           refuseUpgrade,
		},
	}
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
