// Package sandbox is a toy exchange with an identity service, for trials of ranger
// and for those who write clients: the API of Peatio and Barong as far as their
// documents on API keys and orders go, bots that keep two markets moving, and a
// page to watch it. Everything is in memory.
package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/sandbox/barong"
	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/peatio"
)

// Config sets a Sandbox up. All fields but the last two are needed.
type Config struct {
	// Signer signs session tokens; Verifier takes them.
	Signer   *auth.Signer
	Verifier *auth.Verifier
	// Publish takes what the exchange publishes, one after another. It returns
	// when d is safe, or the error that ends the sandbox.
	Publish func(ctx context.Context, d event.Delivery) error
	// Sockets serves upgrades.
	Sockets http.Handler
	Log     *slog.Logger
	// TokenLife is how long a session token is good, 4 h by default.
	TokenLife time.Duration
	// Rate is how many rounds a second the bots play; none by default.
	Rate float64
}

// Sandbox is the exchange with all that is around it. It is an http.Handler,
// safe for concurrent use.
type Sandbox struct {
	cfg      Config
	exchange *exchange.Exchange
	mux      *http.ServeMux
}

// New returns a Sandbox. Run it for its events and bots.
func New(cfg Config) (*Sandbox, error) {
	x, err := exchange.New(exchange.Config{Markets: markets()})
	if err != nil {
		return nil, fmt.Errorf("make the exchange: %w", err)
	}
	fund(x)
	identity, err := barong.New(barong.Config{
		Users: users(), Signer: cfg.Signer, Verifier: cfg.Verifier, TokenLife: cfg.TokenLife, Log: cfg.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("make the identity service: %w", err)
	}
	s := &Sandbox{cfg: cfg, exchange: x}
	s.mux = s.routes(identity, peatio.Handler(peatio.Config{Exchange: x, Who: asker(identity), Log: cfg.Log}))
	return s, nil
}

// asker returns what tells who sent a request.
func asker(identity *barong.Service) func(*http.Request) (event.UID, peatio.Refusal) {
	return func(r *http.Request) (event.UID, peatio.Refusal) {
		uid, refusal := identity.Authenticate(r)
		if refusal != nil { // a nil *barong.Refusal would not be a nil Refusal
			return "", refusal
		}
		return uid, nil
	}
}

// Run publishes what happens on the exchange, and has the bots trade, until ctx is
// done; then it returns nil.
func (s *Sandbox) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.publish(ctx) })
	if s.cfg.Rate > 0 {
		random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // bots need no secrecy
		g.Go(func() error { return newBots(s.exchange, random).run(ctx, s.cfg.Rate) })
	}
	return g.Wait()
}

func (s *Sandbox) publish(ctx context.Context) error {
	for {
		change, err := s.exchange.Next(ctx)
		if err == nil {
			err = s.cfg.Publish(ctx, change.Delivery())
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("publish an event: %w", err)
		}
	}
}
