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

// TestClientsComeBack: an end that clients have to live with is no fault. They
// come back, resume, and miss nothing.
func TestClientsComeBack(t *testing.T) {
	t.Parallel()
	for _, code := range []int{1006, 1012, 4001, 4100} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, c *cluster) {
				cfg := c.config()
				for i := range 3 {
					later(&cfg, time.Duration(1+3*i)*time.Second, func() { c.close(code) })
				}
				r := judged(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{})
				if r.Reconnects != 60 || r.Resumed != 60 || r.NotResumed != 0 || r.Closes[code] != 60 {
					t.Errorf("got %+v", r)
				}
				if code != 1012 && r.Replayed == 0 {
					t.Error("nothing was replayed, though there were pauses")
				}
			})
		})
	}
}

// TestClientsThatAreSentAway: an end that a client that behaves does not meet is
// a fault.
func TestClientsThatAreSentAway(t *testing.T) {
	t.Parallel()
	for _, code := range []int{1000, 1001, 1011, 4003, 4004, 4009, 4101} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, c *cluster) {
				cfg := c.config()
				later(&cfg, 5*time.Second, func() { c.close(code) })
				r := judged(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{audit.Broken: 20})
				if want := "closed with " + strconv.Itoa(code); !strings.Contains(r.Findings[0].Text, want) {
					t.Errorf("%q does not say %q", r.Findings[0].Text, want)
				}
			})
		})
	}
}

// TestNodesAway: clients find the node that is there.
func TestNodesAway(t *testing.T) {
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
				later(&cfg, 2*time.Second+time.Millisecond, func() { // there is no pause before the next node
					c.set(func() {
						if n := c.welcomes["a.test"] + c.welcomes["b.test"]; n != 40 {
							t.Errorf("%d sockets had their success line, want 40", n)
						}
					})
				})
				r := judged(t, cfg)
				wantFaults(t, r, map[audit.Fault]int{})
				if c.welcomes["a.test"] != before || c.welcomes["b.test"] != 40-before || r.Resumed != 20 {
					t.Errorf("%d at a before; sockets by node %v, report %+v", before, c.welcomes, r)
				}
			})
		})
	}
}

// TestRefusedMidRun: a node that refuses a good token is at fault, and clients
// that it refuses go on trying.
func TestRefusedMidRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Nodes = []string{"ws://a.test/"}
		later(&cfg, 2*time.Second, func() {
			c.set(func() { c.statuses["a.test"] = http.StatusUnauthorized })
			c.close(1006)
		})
		later(&cfg, 4*time.Second, func() { c.set(func() { delete(c.statuses, "a.test") }) })
		r := judged(t, cfg)
		if r.Broken < 20 || r.Lost != 0 || r.Resumed != 20 || !strings.Contains(r.Findings[0].Text, "401") {
			t.Errorf("got %+v", r)
		}
	})
}

// TestNotResumed: what was published before resumed:false is lost, announced.
func TestNotResumed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Settle = time.Hour // nobody waits for what was announced
		away := func() { c.refused["a.test"], c.refused["b.test"] = true, true }
		later(&cfg, 2*time.Second, func() { c.set(away); c.close(1006) })
		later(&cfg, 5*time.Second, func() { c.forget(); c.set(func() { clear(c.refused) }) })
		began := time.Now()
		r := judged(t, cfg)
		if r.Lost == 0 || r.NotResumed != 20 || r.Resumed != 0 {
			t.Errorf("got %+v", r)
		}
		wantNoSettling(t, began)
		wantFaults(t, r, map[audit.Fault]int{audit.Lost: r.Lost})
	})
}

// wantNoSettling fails if the run, of ten seconds on the bubble's clock, waited
// for what could not come.
func wantNoSettling(t *testing.T, began time.Time) {
	t.Helper()
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestGapTold: what the broker took and never routed to the stream is lost, and
// announced by the gap around it alone.
func TestGapTold(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		t.Run(strconv.FormatBool(told), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, c *cluster) {
				cfg := c.config()
				if cfg.Settle = 5 * time.Second; told {
					cfg.Settle = time.Hour
				}
				c.taken = func(n int, _ string) (bool, error) { return n < 400 || n >= 500, nil }
				later(&cfg, 6*time.Second, func() {
					now, reason := time.Now(), "exchange"
					if told {
						c.gap(now.Add(-2*time.Second), now.Add(-time.Second), reason)
					} else {
						c.gap(now.Add(-500*time.Millisecond), now, reason)
					}
				})
				began := time.Now()
				r := judged(t, cfg)
				want := map[audit.Fault]int{audit.Lost: r.Lost}
				if told {
					wantNoSettling(t, began)
				} else {
					want[audit.Unannounced] = r.Unannounced
				}
				wantFaults(t, r, want)
				if r.Lost < 100 || r.Gaps != 20 || !told && r.Unannounced < 50 {
					t.Errorf("got %+v", r)
				}
			})
		})
	}
}

// TestCut: clients whose connections are cut all the time miss nothing.
func TestCut(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Cut = 20 * time.Millisecond
		r := judged(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Reconnects < 300 || r.Replayed == 0 || r.Closes[1006] < r.Reconnects {
			t.Errorf("got %+v", r)
		}
	})
}

// TestRenewal: a token that is said to expire is renewed on the same socket.
func TestRenewal(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		c.expires = 3 * time.Second
		tokens := make(chan event.UID, 1000)
		cfg.Token = func(uid event.UID) (string, error) { tokens <- uid; return string(uid), nil }
		r := judged(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if len(tokens) != 80 || r.Reconnects != 0 {
			t.Errorf("%d tokens, %d reconnects; want 4 tokens for each client, and no reconnect", len(tokens), r.Reconnects)
		}
	})
}

// TestSilentNode: a client leaves a node that says nothing any more.
func TestSilentNode(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Rate, cfg.Duration = 10, 2*time.Minute
		stop := make(chan struct{})
		later(&cfg, 5*time.Second, func() {
			c.each(func(ws *websocket.Conn) error { <-stop; return errEnded })
		})
		later(&cfg, 100*time.Second, func() { close(stop) })
		r := judged(t, cfg)
		wantFaults(t, r, map[audit.Fault]int{})
		if r.Resumed != 20 {
			t.Errorf("got %+v", r)
		}
	})
}

// TestStart: a run that cannot begin says why.
func TestStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		setup func(c *cluster, cfg *audit.Config)
		says  string
	}{
		{"no node", func(_ *cluster, cfg *audit.Config) { cfg.Nodes = nil }, "no node"},
		{"nodes away", func(c *cluster, _ *audit.Config) {
			c.refused["a.test"], c.refused["b.test"] = true, true
		}, "20 of 20 have no position after 1m0s; the latest trouble: client AUDIT"},
		{"one client short", func(c *cluster, _ *audit.Config) {
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
		{"a node without part 2", func(c *cluster, _ *audit.Config) {
			c.answer = func(*socket) string { return `{"success":{"message":"Authenticated."}}` }
		}, "does every node speak part 2"},
		{"no token", func(_ *cluster, cfg *audit.Config) {
			cfg.Token = func(event.UID) (string, error) { return "", errEnded }
		}, "make a token"},
		{"no broker", func(_ *cluster, cfg *audit.Config) {
			cfg.Connect = func(context.Context) (audit.Publisher, error) { return nil, errEnded }
		}, errEnded.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, cluster *cluster) {
				cfg := cluster.config()
				c.setup(cluster, &cfg)
				cfg.Started = func() { t.Error("it began") }
				_, err := audit.Run(t.Context(), cfg)
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, c.says)
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
				t.Errorf("it ended after %s with %v", time.Since(start), err)
			}
		})
	})
}
