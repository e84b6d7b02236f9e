package audit_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

var errLost = errors.New("the connection was lost")

// TestRetries: what was not taken, or may have been, is sent again until it is
// confirmed, and none of it is a fault.
func TestRetries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		store bool // though the publisher is told an error
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
				cluster.taken = func(n int, _ string) (bool, error) {
					tries[n]++
					if since := time.Since(at[n]); tries[n] > 1 && since > time.Second {
						t.Errorf("event %d was tried again after %s", n, since)
					}
					at[n] = time.Now()
					if n%10 == 5 && tries[n] < 3 {
						return c.store, c.err
					}
					return true, nil
				}
				r := judged(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{})
				if r.Retried < 99 || r.Confirmed != r.Published || r.Published < 990 {
					t.Errorf("got %+v", r)
				}
				if again := !errors.Is(c.err, audit.ErrNotTaken); again != (r.Connections > 10) || r.Trouble == "" {
					t.Errorf("%d connections, trouble %q", r.Connections, r.Trouble)
				}
			})
		})
	}
}

// TestNoRetry: what was not confirmed is left out of the account, whether it
// comes or not.
func TestNoRetry(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.NoRetry = true
		c.taken = func(n int, _ string) (bool, error) {
			if n%100 == 50 {
				return n%200 == 50, audit.ErrNotTaken
			}
			return true, nil
		}
		r := judged(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Retried != 0 || r.Unconfirmed != 10 || r.Confirmed != r.Published-10 {
			t.Errorf("got %+v", r)
		}
	})
}

// TestBrokerAway: the publisher comes back when the broker does, and catches up.
func TestBrokerAway(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Duration = 18 * time.Second
		var away atomic.Bool
		c.taken = func(int, string) (bool, error) {
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
				t.Errorf("the stream has %d messages though the broker was away", n)
			}
			away.Store(false)
		})
		r := judged(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Published < 1790 || r.Confirmed != r.Published || r.Retried == 0 || r.Retried > 2000 {
			t.Errorf("got %+v", r)
		}
	})
}

// TestBrokerGone: events that are not confirmed by the end of the run are told,
// and left out of the account.
func TestBrokerGone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		c.taken = func(n int, _ string) (bool, error) {
			if n >= 900 {
				return false, audit.ErrNotTaken
			}
			return true, nil
		}
		start := time.Now()
		r := judged(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Confirmed != 900 || r.Unconfirmed != r.Published-900 || r.Unconfirmed < 100 {
			t.Errorf("got %+v", r)
		}
		if took := time.Since(start); took < 40*time.Second || took > 42*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// stuck is a connection whose confirms never come.
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

// half is a connection that fails in the middle, with confirms that wait until it
// is closed.
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

// TestLostConnectionIsClosed: what waits on a connection that cannot send any
// more does not wait for ever.
func TestLostConnectionIsClosed(t *testing.T) {
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
		r := judged(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if took := time.Since(start); r.Retried != 101 || r.Connections != 2 || took > 11*time.Second {
			t.Errorf("after %s got %+v", took, r)
		}
	})
}

// TestInFlightIsBounded: a broker that confirms nothing is not sent more and
// more, and a run without a confirmed event proves nothing.
func TestInFlightIsBounded(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Rate = 1000
		cfg.Connect = func(context.Context) (audit.Publisher, error) {
			return &stuck{cluster: c, closed: make(chan struct{})}, nil
		}
		r := judged(t, cfg)
		if r.Published != 2000 || r.Confirmed != 0 || r.Good() || r.Faults() != 0 {
			t.Errorf("got %+v", r)
		}
	})
}

// TestInterrupt: the end of the caller's context ends the publishing; then the
// run settles and is judged.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := c.config()
		later(&cfg, 3*time.Second, cancel)
		r, err := audit.Run(ctx, cfg)
		if err != nil || !r.Good() || r.Published < 290 || r.Published > 310 {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}

// TestSettle: what comes late, but before the settling is over, is not lost.
func TestSettle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		delay time.Duration
		lost  bool
	}{{"in time", 20 * time.Second, false}, {"too late", 40 * time.Second, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, cluster *cluster) {
				cfg := cluster.config()
				begin := time.Now()
				cluster.spoil = func(_ *socket, o outgoing) []outgoing {
					if time.Since(begin) > 9*time.Second {
						<-time.After(time.Until(begin.Add(10*time.Second + c.delay)))
					}
					return []outgoing{o}
				}
				r := judged(t, cfg)
				if (r.Lost > 0) != c.lost || r.Lost != r.Unannounced {
					t.Errorf("got %+v", r)
				}
			})
		})
	}
}

// TestLastOneTwice: what comes twice when all have come is found.
func TestLastOneTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		last := make(map[*websocket.Conn]string)
		c.spoil = func(s *socket, o outgoing) []outgoing {
			c.set(func() { last[s.ws] = o.text() })
			return []outgoing{o}
		}
		later(&cfg, 10*time.Second+200*time.Millisecond, func() {
			c.each(func(ws *websocket.Conn) error { return ws.WriteMessage(websocket.TextMessage, []byte(last[ws])) })
		})
		wantFaults(t, judged(t, cfg), map[audit.Fault]int{audit.Duplicated: 20})
	})
}

// TestProgressIsTold: every 5 s, with what is known by then.
func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Duration = 12 * time.Second
		var told []int
		cfg.Progress = func(r audit.Report) { told = append(told, r.Published) }
		var heard atomic.Int32
		cfg.Found = func(f audit.Finding) {
			if strings.Contains(f.String(), "no known kind") {
				heard.Add(1)
			}
		}
		c.spoil = func(s *socket, o outgoing) []outgoing {
			if s.opened == 3 {
				return []outgoing{o, {message: `{"surprise":{}}`}}
			}
			return []outgoing{o}
		}
		r := judged(t, cfg)
		if len(told) != 2 || told[0] < 499 || told[0] > 501 {
			t.Errorf("told %v", told)
		}
		if heard.Load() != 5 || r.Broken < 10 {
			t.Errorf("heard of %d findings of %d, want the first 5", heard.Load(), r.Broken)
		}
	})
}
