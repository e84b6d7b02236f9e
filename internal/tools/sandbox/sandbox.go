// Package sandbox is a toy exchange with an identity service, for trials of ranger and
// for authors of clients: the Peatio and Barong APIs for API keys and orders, bots that
// trade on two markets, and a page. Everything is in memory.
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

// Config configures a Sandbox. TokenLife and Rate are optional.
type Config struct {
	// Signer signs session tokens; Verifier verifies them.
	Signer   *auth.Signer
	Verifier *auth.Verifier
	// Publish publishes the events of the exchange, one after another. It returns when
	// d is stored, or an error that ends the sandbox.
	Publish func(ctx context.Context, d event.Delivery) error
	// Sockets serves WebSocket upgrades.
	Sockets http.Handler
	Log     *slog.Logger
	// TokenLife is the lifetime of session tokens, 4 h by default.
	TokenLife time.Duration
	// Rate is the number of rounds of the bots per second; 0: no bots.
	Rate float64
}

// Sandbox is the exchange with its APIs, page and bots. It is an http.Handler, safe for
// concurrent use.
type Sandbox struct {
	cfg      Config
	exchange *exchange.Exchange
	mux      *http.ServeMux
}

// New returns a Sandbox. Run publishes its events and runs its bots.
func New(cfg Config) (*Sandbox, error) {
	x, err := exchange.New(exchange.Config{Markets: markets()})
	if err != nil {
		return nil, fmt.Errorf("create the exchange: %w", err)
	}
	fund(x)
	identity, err := barong.New(barong.Config{
		Users: users(), Signer: cfg.Signer, Verifier: cfg.Verifier, TokenLife: cfg.TokenLife, Log: cfg.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("create the identity service: %w", err)
	}
	s := &Sandbox{cfg: cfg, exchange: x}
	s.mux = s.routes(identity, peatio.Handler(peatio.Config{Exchange: x, Authenticate: authenticator(identity), Log: cfg.Log}))
	return s, nil
}

// authenticator adapts Authenticate to peatio.Config.
func authenticator(identity *barong.Service) func(*http.Request) (event.UID, peatio.Refusal) {
	return func(r *http.Request) (event.UID, peatio.Refusal) {
		uid, refusal := identity.Authenticate(r)
		if refusal != nil { // a nil *barong.Refusal is not a nil peatio.Refusal
			return "", refusal
		}
		return uid, nil
	}
}

// Run publishes the events of the exchange and runs the bots until ctx is done; then it
// returns nil.
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
