// Package auth decides who may listen: it checks the session tokens that Barong
// signs, reads the keys for that, and signs tokens for trials and tests.
package auth

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ranger/internal/event"
)

// ErrStopped says that Run has ended and the token was not checked. It is no
// refusal: the token may be good.
var ErrStopped = errors.New("token verifier has stopped")

// errFault says that a check panicked; the log has the stack. It is no refusal.
var errFault = errors.New("internal fault while checking a token")

// Verifier checks session tokens on a bounded number of goroutines, its own.
// Its methods are safe for concurrent use.
type Verifier struct {
	// Fixed at construction.
	cfg      Config
	method   jwt.SigningMethod
	parser   parser
	refusals *refusalLog
	noTokens *refusalLog   // with lines of its own, so that junk hides no refusal
	requests chan request  // unbuffered: what is in it was taken, and is answered
	stopped  chan struct{} // closed by Run when its context is done

	started atomic.Bool
	keys    atomic.Pointer[jwt.VerificationKeySet]
}

// request is one call of Verify as a worker gets it.
type request struct {
	token  string
	peer   netip.AddrPort
	answer chan<- answer // buffered, so that a worker never waits for a caller
}

// answer is what a worker found out about a request.
type answer struct {
	identity event.Identity
	err      error
}

// New returns a Verifier, or an error for every field of cfg that is wrong. The
// slices in cfg are not copied and must not change.
func New(cfg Config) (*Verifier, error) {
	cfg = cfg.withDefaults()
	method, err := signingMethod(cfg.Algorithm)
	if err == nil {
		err = cfg.checkKeys(method)
	}
	if err = errors.Join(err, cfg.check()); err != nil {
		return nil, err
	}
	v := &Verifier{
		cfg:      cfg,
		method:   method,
		parser:   newParser(cfg.Algorithm),
		refusals: &refusalLog{log: cfg.Log},
		noTokens: &refusalLog{log: cfg.Log},
		requests: make(chan request),
		stopped:  make(chan struct{}),
	}
	if isHMAC(method) {
		v.keys.Store(&jwt.VerificationKeySet{Keys: []jwt.VerificationKey{cfg.Secret}})
	} else {
		v.keys.Store(keySet(cfg.Keys))
	}
	return v, nil
}

// Run checks the tokens that Verify is given. It blocks until ctx is done and
// every goroutine it started has ended, and then returns nil. A second call is an
// error.
func (v *Verifier) Run(ctx context.Context) error {
	if !v.started.CompareAndSwap(false, true) {
		return errors.New("token verifier was run before")
	}
	var workers sync.WaitGroup
	for range v.cfg.Workers {
		workers.Go(func() { v.work(ctx) })
	}
	<-ctx.Done()
	close(v.stopped)
	workers.Wait()
	return nil
}

// Verify returns whom the token names, until when, and the like. It waits for a
// worker, and for Run to begin where it has not. A bad token is counted, logged
// with peer, and returned as a RefusalError. When ctx is done or Run ends first,
// Verify returns the cause of ctx or ErrStopped.
func (v *Verifier) Verify(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error) {
	done := make(chan answer, 1)
	select {
	case v.requests <- request{token: token, peer: peer, answer: done}:
	case <-ctx.Done():
		return event.Identity{}, fmt.Errorf("wait for a token worker: %w", context.Cause(ctx))
	case <-v.stopped:
		return event.Identity{}, ErrStopped
	}
	select {
	case a := <-done:
		return a.identity, a.err
	case <-ctx.Done():
		return event.Identity{}, fmt.Errorf("wait for a token's check: %w", context.Cause(ctx))
	}
}

// NoToken logs and counts, as a refusal for NoBearer, that peer sent something
// else than a Bearer token.
func (v *Verifier) NoToken(ctx context.Context, peer netip.AddrPort) {
	v.cfg.Metrics.TokenRefused(string(NoBearer))
	v.noTokens.write(ctx, time.Now(), NoBearer, subject{}, peer)
}

// SetKeys puts other public keys in the place of all that were there, for every
// check that begins after it. On an error the old ones stay.
func (v *Verifier) SetKeys(keys []crypto.PublicKey) error {
	if err := fitAll(v.method, keys); err != nil {
		return err
	}
	v.keys.Store(keySet(keys))
	return nil
}

// work answers requests until ctx is done.
func (v *Verifier) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-v.requests:
			r.answer <- v.decide(ctx, r)
		}
	}
}

// decide checks one token, counts, and logs a refusal. A panic ends this check
// alone: on a worker it would end every session of the process.
func (v *Verifier) decide(ctx context.Context, r request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			v.cfg.Log.ErrorContext(ctx, "token check panicked", "panic", p, "stack", string(debug.Stack()))
			a = answer{err: errFault}
		}
	}()
	now := time.Now()
	identity, about, reason := v.check(r.token, now)
	if reason != accepted {
		v.cfg.Metrics.TokenRefused(string(reason))
		v.refusals.write(ctx, now, reason, about, r.peer)
		return answer{err: &RefusalError{Reason: reason}}
	}
	v.cfg.Metrics.TokenAccepted()
	return answer{identity: identity}
}

// check decides about one token; where it refuses it, it says what can be read of it.
func (v *Verifier) check(text string, now time.Time) (event.Identity, subject, Reason) {
	token, c, reason := v.parser.parse(text, *v.keys.Load())
	var identity event.Identity
	if reason == accepted {
		identity, reason = c.check(&v.cfg, now)
	}
	if reason != accepted {
		return event.Identity{}, c.about(token, v.cfg.UIDClaim), reason
	}
	return identity, subject{}, accepted
}
