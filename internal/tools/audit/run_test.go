package audit_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

// config returns a run on the cluster: 20 users at two nodes, 1000 events in 10 s.
func (c *cluster) config() audit.Config {
	return audit.Config{
		Nodes:    []string{"ws://a.test/", "ws://b.test/"},
		Connect:  func(context.Context) (audit.Publisher, error) { return c, nil },
		Token:    func(uid event.UID) (string, error) { return string(uid), nil },
		Users:    20,
		Rate:     100,
		Duration: 10 * time.Second,
		Dial:     c.dial,
	}
}

// runAudit runs cfg in the bubble of a test.
func runAudit(t *testing.T, cfg audit.Config) audit.Report {
	t.Helper()
	r, err := audit.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bubble runs f with a cluster and a virtual clock.
func bubble(t *testing.T, f func(t *testing.T, c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newCluster(t)) })
}

// faults returns the counts of a report above zero.
func faults(r audit.Report) map[audit.Fault]int {
	m := make(map[audit.Fault]int)
	for fault, n := range map[audit.Fault]int{
		audit.Lost: r.Lost, audit.Unannounced: r.Unannounced, audit.Duplicated: r.Duplicated,
		audit.Reordered: r.Reordered, audit.Misdelivered: r.Misdelivered, audit.Broken: r.Broken,
	} {
		if n > 0 {
			m[fault] = n
		}
	}
	return m
}

func wantFaults(t *testing.T, r audit.Report, want map[audit.Fault]int) {
	t.Helper()
	if diff := cmp.Diff(want, faults(r)); diff != "" {
		t.Errorf("faults (-want +got):\n%s%v", diff, r.Findings)
	}
	if r.Passed() != (len(want) == 0) {
		t.Errorf("got passed %v with faults %v", r.Passed(), faults(r))
	}
}

// later runs f at a time since the first event.
func later(cfg *audit.Config, d time.Duration, f func()) {
	before := cfg.Started
	cfg.Started = func() {
		if before != nil {
			before()
		}
		time.AfterFunc(d, f)
	}
}

// TestRun_Passes: everything is counted and nothing is found.
func TestRun_Passes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Sockets = 2
		start := time.Now()
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Published < 1000 || r.Published > 1001 || r.Confirmed != r.Published || r.Retried != 0 || r.Unconfirmed != 0 || r.Clients != 40 {
			t.Errorf("got %+v", r)
		}
		if r.Deliveries < 2400 || r.Deliveries > 3000 || r.Reconnects != 0 || len(r.Closes) != 0 {
			t.Errorf("got %+v", r)
		}
		if took := time.Since(start); took > 11*time.Second {
			t.Errorf("got an end after %s, want one soon after 10 s: nothing was missing", took)
		}
		if c.welcomes["a.test"] == 0 || c.welcomes["b.test"] == 0 {
			t.Errorf("got sockets %v, want some at each node", c.welcomes)
		}
	})
}

// only changes the first event for which ok holds.
func only(ok func(s *socket, o outgoing) bool, f func(o outgoing) []outgoing) func(*socket, outgoing) []outgoing {
	var done atomic.Bool
	return func(s *socket, o outgoing) []outgoing {
		if ok(s, o) && done.CompareAndSwap(false, true) {
			return f(o)
		}
		return []outgoing{o}
	}
}

// TestRun_FindsFaultsOfServers: each fault of a server is counted.
func TestRun_FindsFaultsOfServers(t *testing.T) {
	t.Parallel()
	late := func(_ *socket, o outgoing) bool { return o.offset > 1000 }
	replayed := func(_ *socket, o outgoing) bool { return o.offset > 1000 && o.replay }
	for _, c := range []struct {
		name  string
		setup func(c *cluster, cfg *audit.Config)
		want  map[audit.Fault]int
		text  string // in the report
	}{
		{"loses an event", func(c *cluster, _ *audit.Config) {
			c.spoil = only(late, func(outgoing) []outgoing { return nil })
		}, map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1, audit.Broken: 1}, "it never arrived"},
		{"loses an event in a replay", func(c *cluster, cfg *audit.Config) {
			c.spoil = only(replayed, func(outgoing) []outgoing { return nil })
			later(cfg, 7*time.Second, func() { c.close(1006) })
		}, map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1, audit.Broken: 1}, "it never arrived"},
		{"sends an event twice", func(c *cluster, _ *audit.Config) {
			c.spoil = only(late, func(o outgoing) []outgoing { return []outgoing{o, o} })
		}, map[audit.Fault]int{audit.Duplicated: 1}, "the client received it before"},
		{"sends an event twice in a replay", func(c *cluster, cfg *audit.Config) {
			c.spoil = only(replayed, func(o outgoing) []outgoing { return []outgoing{o, o} })
			later(cfg, 7*time.Second, func() { c.close(1006) })
		}, map[audit.Fault]int{audit.Duplicated: 1}, "the client received it before"},
		{"swaps two events", func(c *cluster, _ *audit.Config) {
			var held *outgoing
			var by *socket
			c.spoil = func(s *socket, o outgoing) []outgoing {
				c.mu.Lock()
				defer c.mu.Unlock()
				switch {
				case by == nil && o.offset > 1000:
					held, by = &o, s
					return nil
				case by == s && held != nil:
					all := []outgoing{o, *held}
					held = nil
					return all
				}
				return []outgoing{o}
			}
		}, map[audit.Fault]int{audit.Reordered: 1, audit.Broken: 1}, "a higher position before"},
		{"gives a socket another position", func(c *cluster, cfg *audit.Config) {
			cfg.Sockets = 2
			c.spoil = only(late, func(o outgoing) []outgoing { o.check++; return []outgoing{o} })
		}, map[audit.Fault]int{audit.Reordered: 1}, " received it at "},
		{"sends another user's event", func(c *cluster, _ *audit.Config) {
			var done atomic.Bool
			c.spoil = func(s *socket, o outgoing) []outgoing {
				if o.offset > 1000 && done.CompareAndSwap(false, true) {
					return []outgoing{o, {offset: o.offset + 1, check: o.check, prev: o.prev, message: c.another(s.uid)}}
				}
				return []outgoing{o}
			}
		}, map[audit.Fault]int{audit.Misdelivered: 1}, "the event belongs to AUDIT"},
		{"changes a number", func(c *cluster, _ *audit.Config) {
			c.spoil = only(late, func(o outgoing) []outgoing {
				o.message = strings.NewReplacer("0.10,", "0.1,", "0.03310", "0.0331").Replace(o.message)
				return []outgoing{o}
			})
		}, map[audit.Fault]int{audit.Misdelivered: 1}, "want {"},
		{"sends a wrong prev", func(c *cluster, _ *audit.Config) {
			c.spoil = only(late, func(o outgoing) []outgoing { *o.prev++; return []outgoing{o} })
		}, map[audit.Fault]int{audit.Broken: 1}, "prev is "},
		{"marks a live event as replayed", func(c *cluster, _ *audit.Config) {
			c.spoil = only(late, func(o outgoing) []outgoing { o.replay = true; return []outgoing{o} })
		}, map[audit.Fault]int{audit.Broken: 1}, "replay true, want false"},
		{"does not mark a replayed event", func(c *cluster, cfg *audit.Config) {
			c.spoil = only(replayed, func(o outgoing) []outgoing { o.replay = false; return []outgoing{o} })
			later(cfg, 7*time.Second, func() { c.close(1006) })
		}, map[audit.Fault]int{audit.Broken: 1}, "replay false, want true"},
		{"sends an unknown message", func(c *cluster, _ *audit.Config) {
			c.spoil = only(late, func(o outgoing) []outgoing { return []outgoing{o, {message: `{"surprise":{}}`}} })
		}, map[audit.Fault]int{audit.Broken: 1}, "unknown kind"},
		{"delivers events in another order than published", func(c *cluster, cfg *audit.Config) {
			cfg.Connect = func(context.Context) (audit.Publisher, error) { return &shuffler{cluster: c}, nil }
		}, map[audit.Fault]int{audit.Reordered: 1}, "which the publisher sent later on the same connection"},
		{"sends a wrong heartbeat", func(c *cluster, cfg *audit.Config) {
			cfg.Duration = 20 * time.Second
			var wrong atomic.Bool
			c.lastHook = func(last *uint64) *uint64 {
				if last != nil && wrong.CompareAndSwap(false, true) {
					offset := *last + 1
					return &offset
				}
				return last
			}
		}, map[audit.Fault]int{audit.Broken: 2}, "heartbeat.last is "}, // the next event's prev differs too
		{"sends no heartbeats", func(c *cluster, cfg *audit.Config) {
			c.interval, cfg.Duration, cfg.Rate = time.Hour, 70*time.Second, 10
		}, map[audit.Fault]int{audit.Broken: 20}, "no heartbeat came"},
		{"sends fewer heartbeats than it is configured to", func(c *cluster, cfg *audit.Config) {
			c.interval, cfg.Duration, cfg.Heartbeat = 15*time.Second, 20*time.Second, time.Second
		}, map[audit.Fault]int{audit.Broken: 20}, "no heartbeat came"},
		{"sends an event before the success line", func(c *cluster, cfg *audit.Config) {
			var done atomic.Bool
			c.prefix = func(s *socket) []string {
				c.mu.Lock()
				defer c.mu.Unlock()
				for _, m := range c.stream {
					for _, e := range m.events {
						if e.UID == s.uid && done.CompareAndSwap(false, true) {
							return []string{outgoing{m.offset, m.check, nil, string(e.Message), false}.text()}
						}
					}
				}
				return nil
			}
			later(cfg, 5*time.Second, func() { c.close(1012) })
		}, map[audit.Fault]int{audit.Broken: 1, audit.Duplicated: 1}, "before the success line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, cluster *cluster) {
				cfg := cluster.config()
				c.setup(cluster, &cfg)
				r := runAudit(t, cfg)
				wantFaults(t, r, c.want)
				var text strings.Builder
				_, _ = r.WriteTo(&text)
				if !strings.Contains(text.String(), c.text) {
					t.Errorf("got report\n%swant %q in it", text.String(), c.text)
				}
			})
		})
	}
}

// shuffler is a connection on which one order is overtaken by its user's next one.
type shuffler struct {
	*cluster

	held *event.Delivery
	id   string
	done bool
}

func (s *shuffler) Publish(ctx context.Context, d event.Delivery, id string) (audit.Confirm, error) {
	switch {
	case s.held == nil && !s.done && d.Kind == event.Order && strings.HasSuffix(id, "00"):
		s.held, s.id = &d, id
		return func(context.Context) error { return nil }, nil
	case s.held != nil && d.Kind == event.Order && d.Headers["member_uid"] == s.held.Headers["member_uid"]:
		confirm, err := s.cluster.Publish(ctx, d, id)
		_, _ = s.cluster.Publish(ctx, *s.held, s.id)
		s.held, s.done = nil, true
		return confirm, err
	default:
		return s.cluster.Publish(ctx, d, id)
	}
}
