// Package auth verifies the session tokens that Barong signs, parses the keys for that, and
// signs tokens for trials and tests.
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

// ErrStopped is returned if Run ended before the token was checked. The token may be
// valid.
var ErrStopped = errors.New("token verifier has stopped")

// errPanicked is returned if a check panicked; the log has the stack. The token may be
// valid.
var errPanicked = errors.New("internal error while checking a token")

// Verifier checks session tokens on a fixed number of worker goroutines. Its methods are
// safe for concurrent use.
type Verifier struct {
	// Fixed at construction.
	cfg      Config
	method   jwt.SigningMethod
	parser   parser
	refusals *refusalLog
	noTokens *refusalLog   // separate, so that junk does not suppress refusals
	requests chan request  // unbuffered: a request that was sent is answered
	stopped  chan struct{} // closed by Run when its context is done

	started atomic.Bool
	keys    atomic.Pointer[jwt.VerificationKeySet]
}

// request is one call of Verify, handled by a worker.
type request struct {
	token  string
	peer   netip.AddrPort
	answer chan<- answer // buffered, so that a worker never waits for a caller
}

// answer is the result of a request.
type answer struct {
	identity event.Identity
	err      error
}

// New returns a Verifier, or an error that lists every invalid field of cfg. The slices in
// cfg are not copied and must not change.
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
		refusals: newRefusalLog(cfg.Log),
		noTokens: newRefusalLog(cfg.Log),
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

// Run starts the workers that check tokens. It blocks until ctx is done and all workers
// have ended, then returns nil. A second call returns an error.
func (v *Verifier) Run(ctx context.Context) error {
	if !v.started.CompareAndSwap(false, true) {
		return errors.New("Run was called before")
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

// Verify returns the identity in a valid token. It waits for a worker, and for Run to
// begin. For an invalid token it returns a RefusalError, after counting it and logging it
// with peer. If ctx is done or Run ends first, it returns the cause of ctx or ErrStopped.
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
		return event.Identity{}, fmt.Errorf("wait for the check of a token: %w", context.Cause(ctx))
	}
}

// NoToken counts and logs that peer sent no Bearer token, as a refusal for NoBearer.
func (v *Verifier) NoToken(ctx context.Context, peer netip.AddrPort) {
	v.cfg.Metrics.TokenRefused(string(NoBearer))
	v.noTokens.write(ctx, NoBearer, subject{}, peer)
}

// SetKeys replaces all public keys, for every check that begins after it. If it returns an
// error, the previous keys remain.
func (v *Verifier) SetKeys(keys []crypto.PublicKey) error {
	if err := checkPublicKeys(v.method, keys); err != nil {
		return err
	}
	v.keys.Store(keySet(keys))
	return nil
}

// work handles requests until ctx is done.
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

// decide checks one token, counts it, and logs a refusal. A panic ends only this check,
// not the process and all its sessions.
func (v *Verifier) decide(ctx context.Context, r request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			v.cfg.Log.ErrorContext(ctx, "token check panicked", "panic", p, "stack", string(debug.Stack()))
			a = answer{err: errPanicked}
		}
	}()
	now := time.Now()
	identity, about, reason := v.check(r.token, now)
	if reason != accepted {
		v.cfg.Metrics.TokenRefused(string(reason))
		v.refusals.write(ctx, reason, about, r.peer)
		return answer{err: &RefusalError{Reason: reason}}
	}
	v.cfg.Metrics.TokenAccepted()
	return answer{identity: identity}
}

// check checks one token. If it refuses the token, it returns what can be read of it.
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
