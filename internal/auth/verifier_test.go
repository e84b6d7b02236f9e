package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"ranger/internal/auth"
	"ranger/internal/event"
)

// Each of a hundred callers gets the identity of its own token.
func TestVerify_OneWorkerAnswersManyCallers(t *testing.T) {
	counts := &counter{}
	cfg := configFor(t, "ES256")
	cfg.Workers, cfg.Metrics = 1, counts
	v := start(t, cfg)
	signer := signerFor(t, "ES256")
	var callers sync.WaitGroup
	for i := range 100 {
		c := auth.Claims{UID: "ID1", TokenID: strings.Repeat("x", i+1)}
		if i%4 == 0 {
			c.State = "banned"
		}
		token := sign(t, signer, c)
		callers.Go(func() {
			identity, err := v.Verify(t.Context(), token, peer)
			switch {
			case i%4 == 0 && !errors.Is(err, event.ErrRefused):
				t.Errorf("got error %v, want a refusal", err)
			case i%4 != 0 && (err != nil || identity.TokenID != c.TokenID):
				t.Errorf("got %q and error %v, want %q", identity.TokenID, err, c.TokenID)
			}
		})
	}
	callers.Wait()
	if counts.accepted != 75 || counts.refused["state"] != 25 {
		t.Errorf("got %d valid and %v refused tokens, want 75 and 25", counts.accepted, counts.refused)
	}
}

// Keys change while tokens are checked.
func TestSetKeys_NeverRefusesTokensOfKeysThatRemain(t *testing.T) {
	a, b := keyOf(t, "ES256", "a"), keyOf(t, "ES256", "b")
	both, one := publicKeys(t, b.public, a.public), publicKeys(t, a.public)
	v := start(t, auth.Config{Algorithm: "ES256", Keys: both, Workers: 4})
	token := sign(t, newSigner(t, "ES256", a.private), auth.Claims{UID: "ID1"})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 100 {
				if _, err := v.Verify(t.Context(), token, peer); err != nil {
					t.Errorf("got error %v", err)
				}
			}
		})
		callers.Go(func() {
			for range 100 {
				if err := errors.Join(v.SetKeys(one), v.SetKeys(nil), v.SetKeys(both)); !strings.Contains(err.Error(), "no key") {
					t.Errorf("got error %v", err)
				}
			}
		})
	}
	callers.Wait()
}

// The cause is not a refusal.
func TestVerify_CancelledCallerGetsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := auth.New(configFor(t, "HS256")) // Run is not called
		if err != nil {
			t.Fatal(err)
		}
		cause := errors.New("the client has gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			_, err := v.Verify(ctx, "x", peer)
			if !errors.Is(err, cause) || errors.Is(err, event.ErrRefused) {
				t.Errorf("got error %v, want only the cause", err)
			}
		})
		synctest.Wait()
		cancel(cause)
		callers.Wait()
	})
}

// blocker is a Metrics that blocks a worker until it is closed.
type blocker chan struct{}

func (b blocker) TokenAccepted()      { <-b }
func (b blocker) TokenRefused(string) { <-b }

// A caller returns if its context ends during the check, and a waiting one when Run's
// context ends; Run waits for its workers.
func TestRun_EndReleasesWaitingCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(blocker)
		cfg := configFor(t, "HS256")
		cfg.Workers, cfg.Metrics = 1, hold
		v, err := auth.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		token := sign(t, signerFor(t, "HS256"), auth.Claims{UID: "ID1"})
		verify := func(ctx context.Context) <-chan error {
			result := make(chan error, 1)
			go func() {
				_, err := v.Verify(ctx, token, peer)
				result <- err
			}()
			synctest.Wait()
			return result
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- v.Run(ctx) }()
		gone, leave := context.WithCancel(t.Context())

		leaver := verify(gone) // the only worker has it
		waiter := verify(t.Context())
		leave()
		if err := <-leaver; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller whose context ended got error %v, want its cause", err)
		}
		stop()
		if err := <-waiter; !errors.Is(err, auth.ErrStopped) {
			t.Errorf("the caller that waited got error %v, want %v", err, auth.ErrStopped)
		}
		if err := <-verify(t.Context()); !errors.Is(err, auth.ErrStopped) {
			t.Errorf("the caller that came after got error %v, want %v", err, auth.ErrStopped)
		}
		select {
		case err := <-ended:
			t.Errorf("Run returned %v while a worker was busy", err)
		default:
		}
		close(hold)
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if v.Run(t.Context()) == nil {
			t.Error("a second call of Run: got no error")
		}
	})
}

func TestRun_EndCompletesCheckInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(blocker)
		cfg := configFor(t, "HS256")
		cfg.Metrics = hold
		v, err := auth.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := v.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		running.Go(func() {
			if _, err := v.Verify(t.Context(), "x", peer); !errors.Is(err, event.ErrRefused) {
				t.Errorf("got error %v, want a refusal", err)
			}
		})
		synctest.Wait()
		stop()
		synctest.Wait()
		close(hold)
		running.Wait()
	})
}

// bomb is a Metrics that panics.
type bomb struct{}

func (bomb) TokenAccepted()      { panic("boom") }
func (bomb) TokenRefused(string) { panic("boom") }

// The caller gets an error that is not a refusal, and the worker continues.
func TestVerify_PanicEndsOnlyOneCheck(t *testing.T) {
	log, lines := capture()
	cfg := configFor(t, "HS256")
	cfg.Workers, cfg.Metrics, cfg.Log = 1, bomb{}, log
	v := start(t, cfg)
	for range 2 {
		_, err := v.Verify(t.Context(), "x", peer)
		if err == nil || errors.Is(err, event.ErrRefused) {
			t.Errorf("got error %v, want one that is not a refusal", err)
		}
	}
	if got := lines(); len(got) != 2 || got[0]["msg"] != "token check panicked" {
		t.Errorf("got log %v", got)
	}
}
