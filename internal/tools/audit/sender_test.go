package audit_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

var errLost = errors.New("the connection was lost")

// TestSender_Retries: events that the broker refused, or whose fate is unknown, are
// sent again until they are confirmed, and none of this is a fault.
func TestSender_Retries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		store bool // whether the broker stores the event nevertheless
		err   error
	}{
		{"refused", false, audit.ErrNotTaken},
		{"lost before the broker had it", false, errLost},
		{"lost after the broker had it", true, errLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, cluster *cluster) {
				cfg := cluster.config()
				tries, at := make(map[int]int), make(map[int]time.Time)
				cluster.publish = func(n int, _ string) (bool, error) {
					tries[n]++
					if since := time.Since(at[n]); tries[n] > 1 && since > time.Second {
						t.Errorf("event %d: got a retry after %s, want one within 1 s", n, since)
					}
					at[n] = time.Now()
					if n%10 == 5 && tries[n] < 3 {
						return c.store, c.err
					}
					return true, nil
				}
				r := runAudit(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{})
				if r.Retried < 99 || r.Confirmed != r.Published || r.Published < 990 {
					t.Errorf("got %+v", r)
				}
				if again := !errors.Is(c.err, audit.ErrNotTaken); again != (r.Connections > 10) || r.LastError == "" {
					t.Errorf("got %d connections, last error %q", r.Connections, r.LastError)
				}
			})
		})
	}
}

// TestSender_NoRetry: unconfirmed events are not expected at clients, whether they
// arrive or not.
func TestSender_NoRetry(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.NoRetry = true
		c.publish = func(n int, _ string) (bool, error) {
			if n%100 == 50 {
				return n%200 == 50, audit.ErrNotTaken
			}
			return true, nil
		}
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Retried != 0 || r.Unconfirmed != 10 || r.Confirmed != r.Published-10 {
			t.Errorf("got %+v", r)
		}
	})
}

// TestSender_BrokerReturns: the publisher reconnects when the broker is back, and
// catches up.
func TestSender_BrokerReturns(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Duration = 18 * time.Second
		var away atomic.Bool
		c.publish = func(int, string) (bool, error) {
			if away.Load() {
				return false, errLost
			}
			return true, nil
		}
		cfg.Connect = func(context.Context) (audit.Publisher, error) {
			if away.Load() {
				return nil, errLost
			}
			return c, nil
		}
		later(&cfg, 3*time.Second, func() { away.Store(true) })
		later(&cfg, 13*time.Second, func() {
			if n := c.size(); n > 320 {
				t.Errorf("got %d messages in the stream, want none while the broker was away", n)
			}
			away.Store(false)
		})
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Published < 1790 || r.Confirmed != r.Published || r.Retried == 0 || r.Retried > 2000 {
			t.Errorf("got %+v", r)
		}
	})
}

// TestSender_RefusingBroker: a broker that refuses all events from one on is asked
// again at most once per pause; the events are reported as unconfirmed.
func TestSender_RefusingBroker(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		tries := make(map[int]int)
		c.publish = func(n int, _ string) (bool, error) {
			if n >= 900 {
				tries[n]++
				return false, audit.ErrNotTaken
			}
			return true, nil
		}
		start := time.Now()
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Confirmed != 900 || r.Unconfirmed != r.Published-900 || r.Unconfirmed < 100 {
			t.Errorf("got %+v", r)
		}
		if took := time.Since(start); took < 40*time.Second || took > 42*time.Second {
			t.Errorf("got an end after %s, want one after 40 s", took)
		}
		// 31 s of retries, five a second.
		for n, got := range tries {
			if got > 160 {
				t.Errorf("event %d: got %d tries, want 160 at most", n, got)
				break
			}
		}
	})
}

// stuck is a connection whose confirms never arrive.
type stuck struct {
	*cluster

	closed chan struct{}
	once   atomic.Bool
}

func (s *stuck) Publish(context.Context, event.Delivery, string) (audit.Confirm, error) {
	return func(ctx context.Context) error {
		select {
		case <-s.closed:
			return errLost
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil
}

func (s *stuck) Close() {
	if s.once.CompareAndSwap(false, true) {
		close(s.closed)
	}
}

// half is a connection that fails after 100 events; their confirms wait until it is
// closed.
type half struct {
	stuck

	sent int
}

func (h *half) Publish(ctx context.Context, d event.Delivery, id string) (audit.Confirm, error) {
	if h.sent++; h.sent > 100 {
		return nil, errLost
	}
	return h.stuck.Publish(ctx, d, id)
}

// TestSender_ClosesLostConnection: waits for confirms end when the connection cannot
// send any more.
func TestSender_ClosesLostConnection(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		first := true
		cfg.Connect = func(context.Context) (audit.Publisher, error) {
			if first {
				first = false
				return &half{stuck: stuck{cluster: c, closed: make(chan struct{})}}, nil
			}
			return c, nil
		}
		start := time.Now()
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if took := time.Since(start); r.Retried != 101 || r.Connections != 2 || took > 11*time.Second {
			t.Errorf("after %s got %+v", took, r)
		}
	})
}

// TestSender_BoundsInFlight: a broker that confirms nothing is not sent more than a
// bounded number of events, and a run without confirmed events does not pass.
func TestSender_BoundsInFlight(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Rate = 1000
		cfg.Connect = func(context.Context) (audit.Publisher, error) {
			return &stuck{cluster: c, closed: make(chan struct{})}, nil
		}
		r := runAudit(t, cfg)
		if r.Published != 2000 || r.Confirmed != 0 || r.Passed() || r.Faults() != 0 {
			t.Errorf("got %+v", r)
		}
	})
}
