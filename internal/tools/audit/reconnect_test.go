package audit_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

// TestClient_ReconnectsAndResumes: after a close that clients must expect they
// reconnect and resume, and no event is lost.
func TestClient_ReconnectsAndResumes(t *testing.T) {
	t.Parallel()
	for _, code := range []int{1006, 1012, 4001, 4100} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, c *cluster) {
				cfg := c.config()
				for i := range 3 {
					later(&cfg, time.Duration(1+3*i)*time.Second, func() { c.close(code) })
				}
				r := runAudit(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{})
				if r.Reconnects != 60 || r.Resumed != 60 || r.NotResumed != 0 || r.Closes[code] != 60 {
					t.Errorf("got %+v", r)
				}
				if code != 1012 && r.Replayed == 0 {
					t.Error("got no replayed event, want some: there were pauses")
				}
			})
		})
	}
}

// TestClient_UnexpectedCloseIsFault: a close that a client which keeps to the protocol
// does not get is a fault.
func TestClient_UnexpectedCloseIsFault(t *testing.T) {
	t.Parallel()
	for _, code := range []int{1000, 1001, 1011, 4003, 4004, 4009, 4101} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, c *cluster) {
				cfg := c.config()
				later(&cfg, 5*time.Second, func() { c.close(code) })
				r := runAudit(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{audit.Broken: 20})
				if want := "closed with " + strconv.Itoa(code); !strings.Contains(r.Findings[0].Text, want) {
					t.Errorf("got finding %q, want %q in it", r.Findings[0].Text, want)
				}
			})
		})
	}
}

// TestClient_FindsAvailableNode: clients connect to the node that is available.
func TestClient_FindsAvailableNode(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(c *cluster){
		"refused":     func(c *cluster) { c.refused["a.test"] = true },
		"unavailable": func(c *cluster) { c.statuses["a.test"] = http.StatusServiceUnavailable },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, c *cluster) {
				cfg := c.config()
				before := 0
				later(&cfg, 2*time.Second, func() {
					c.set(func() { away(c); before = c.welcomes["a.test"] })
					c.close(1012)
				})
				later(&cfg, 2*time.Second+time.Millisecond, func() { // the next node is tried without a pause
					c.set(func() {
						if n := c.welcomes["a.test"] + c.welcomes["b.test"]; n != 40 {
							t.Errorf("got %d success lines, want 40", n)
						}
					})
				})
				r := runAudit(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{})
				if c.welcomes["a.test"] != before || c.welcomes["b.test"] != 40-before || r.Resumed != 20 {
					t.Errorf("got %d sockets at a before, then %v by node; report %+v", before, c.welcomes, r)
				}
			})
		})
	}
}

// TestClient_RefusedTokenIsFault: a node that refuses a valid token is a fault, and the
// clients keep trying.
func TestClient_RefusedTokenIsFault(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Nodes = []string{"ws://a.test/"}
		later(&cfg, 2*time.Second, func() {
			c.set(func() { c.statuses["a.test"] = http.StatusUnauthorized })
			c.close(1006)
		})
		later(&cfg, 4*time.Second, func() { c.set(func() { delete(c.statuses, "a.test") }) })
		r := runAudit(t, cfg)
		if r.Broken < 20 || r.Lost != 0 || r.Resumed != 20 || !strings.Contains(r.Findings[0].Text, "401") {
			t.Errorf("got %+v", r)
		}
	})
}

// TestRun_NotResumed: events published before resumed:false are lost and announced.
func TestRun_NotResumed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Settle = time.Hour // the run does not wait for announced losses
		away := func() { c.refused["a.test"], c.refused["b.test"] = true, true }
		later(&cfg, 2*time.Second, func() { c.set(away); c.close(1006) })
		later(&cfg, 5*time.Second, func() { c.forget(); c.set(func() { clear(c.refused) }) })
		start := time.Now()
		r := runAudit(t, cfg)
		if r.Lost == 0 || r.NotResumed != 20 || r.Resumed != 0 {
			t.Errorf("got %+v", r)
		}
		wantNoSettling(t, start)
		wantFaults(t, r, map[audit.Fault]int{audit.Lost: r.Lost})
	})
}

// wantNoSettling fails if the run, of ten seconds on the bubble's clock, waited for
// events that could not arrive.
func wantNoSettling(t *testing.T, start time.Time) {
	t.Helper()
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("got an end after %v, want 15 s at most", took)
	}
}

// TestRun_GapAnnouncesLoss: events that the broker took but did not route to the
// stream are lost, and announced only by a gap around them.
func TestRun_GapAnnouncesLoss(t *testing.T) {
	t.Parallel()
	for _, announced := range []bool{true, false} {
		t.Run(strconv.FormatBool(announced), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, c *cluster) {
				cfg := c.config()
				if cfg.Settle = 5 * time.Second; announced {
					cfg.Settle = time.Hour
				}
				c.publish = func(n int, _ string) (bool, error) { return n < 400 || n >= 500, nil }
				later(&cfg, 6*time.Second, func() {
					now, reason := time.Now(), "exchange"
					if announced {
						c.gap(now.Add(-2*time.Second), now.Add(-time.Second), reason)
					} else {
						c.gap(now.Add(-500*time.Millisecond), now, reason)
					}
				})
				start := time.Now()
				r := runAudit(t, cfg)
				want := map[audit.Fault]int{audit.Lost: r.Lost}
				if announced {
					wantNoSettling(t, start)
				} else {
					want[audit.Unannounced] = r.Unannounced
				}
				wantFaults(t, r, want)
				if r.Lost < 100 || r.Gaps != 20 || !announced && r.Unannounced < 50 {
					t.Errorf("got %+v", r)
				}
			})
		})
	}
}

// TestRun_CutConnections: clients whose connections are cut all the time lose nothing.
func TestRun_CutConnections(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Cut = 20 * time.Millisecond
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Reconnects < 300 || r.Replayed == 0 || r.Closes[1006] < r.Reconnects {
			t.Errorf("got %+v", r)
		}
	})
}

// TestClient_RenewsToken: an expiring token is renewed on the same socket.
func TestClient_RenewsToken(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		c.expires = 3 * time.Second
		tokens := make(chan event.UID, 1000)
		cfg.Token = func(uid event.UID) (string, error) { tokens <- uid; return string(uid), nil }
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if len(tokens) != 80 || r.Reconnects != 0 {
			t.Errorf("got %d tokens, %d reconnects; want 4 tokens for each client and no reconnect", len(tokens), r.Reconnects)
		}
	})
}

// TestClient_LeavesSilentNode: a client leaves a node that sends nothing any more.
func TestClient_LeavesSilentNode(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Rate, cfg.Duration = 10, 2*time.Minute
		stop := make(chan struct{})
		later(&cfg, 5*time.Second, func() {
			c.each(func(ws *websocket.Conn) error { <-stop; return errEnded })
		})
		later(&cfg, 100*time.Second, func() { close(stop) })
		r := runAudit(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Resumed != 20 {
			t.Errorf("got %+v", r)
		}
	})
}

// TestRun_CannotBegin: the error says why a run cannot begin.
func TestRun_CannotBegin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		setup func(c *cluster, cfg *audit.Config)
		want  string // in the error
	}{
		{"no node", func(_ *cluster, cfg *audit.Config) { cfg.Nodes = nil }, "must name at least one node"},
		{"nodes not available", func(c *cluster, _ *audit.Config) {
			c.refused["a.test"], c.refused["b.test"] = true, true
		}, "20 of 20 have no position after 1m0s; last error: client AUDIT"},
		{"one client without an answer", func(c *cluster, _ *audit.Config) {
			c.answer = func(s *socket) string {
				if strings.HasSuffix(string(s.uid), "00007") {
					return challenge
				}
				return ""
			}
		}, "1 of 20 have no position"},
		{"no such path", func(c *cluster, _ *audit.Config) { c.statuses["b.test"] = http.StatusNotFound }, "404 Not Found"},
		{"tokens refused", func(c *cluster, _ *audit.Config) {
			c.answer = func(*socket) string { return `{"error":{"message":"Authentication failed."}}` }
		}, "Authentication failed."},
		{"a node that does not support resuming", func(c *cluster, _ *audit.Config) {
			c.answer = func(*socket) string { return `{"success":{"message":"Authenticated."}}` }
		}, "does every node support resuming"},
		{"no token", func(_ *cluster, cfg *audit.Config) {
			cfg.Token = func(event.UID) (string, error) { return "", errEnded }
		}, "sign a token"},
		{"no broker", func(_ *cluster, cfg *audit.Config) {
			cfg.Connect = func(context.Context) (audit.Publisher, error) { return nil, errEnded }
		}, errEnded.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, cluster *cluster) {
				cfg := cluster.config()
				c.setup(cluster, &cfg)
				cfg.Started = func() { t.Error("got a start, want an error") }
				_, err := audit.Run(t.Context(), cfg)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			})
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, c *cluster) {
			c.refused["a.test"], c.refused["b.test"] = true, true
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start := time.Now()
			if _, err := audit.Run(ctx, c.config()); err == nil || time.Since(start) > 6*time.Second {
				t.Errorf("got an end after %s with error %v, want an error at once", time.Since(start), err)
			}
		})
	})
}
