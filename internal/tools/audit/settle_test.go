package audit_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/tools/audit"
)

// TestRun_Interrupted: the end of the caller's context ends publishing; the run then
// settles and compares.
func TestRun_Interrupted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := c.config()
		later(&cfg, 3*time.Second, cancel)
		r, err := audit.Run(ctx, cfg)
		if err != nil || !r.Passed() || r.Published < 290 || r.Published > 310 {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}

// TestRun_WaitsForLateEvents: events that arrive late, but while the run settles, are
// not lost.
func TestRun_WaitsForLateEvents(t *testing.T) {
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
				r := runAudit(t, cfg)
				if (r.Lost > 0) != c.lost || r.Lost != r.Unannounced {
					t.Errorf("got %+v", r)
				}
			})
		})
	}
}

// TestRun_FindsLateDuplicates: duplicates are found after all events have arrived.
func TestRun_FindsLateDuplicates(t *testing.T) {
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
		wantFaults(t, runAudit(t, cfg), map[audit.Fault]int{audit.Duplicated: 20})
	})
}

// TestRun_ReportsProgress: every 5 s, with the counts so far.
func TestRun_ReportsProgress(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, c *cluster) {
		cfg := c.config()
		cfg.Duration = 12 * time.Second
		var published []int
		cfg.Progress = func(r audit.Report) { published = append(published, r.Published) }
		var found atomic.Int32
		cfg.Found = func(f audit.Finding) {
			if strings.Contains(f.String(), "unknown kind") {
				found.Add(1)
			}
		}
		c.spoil = func(s *socket, o outgoing) []outgoing {
			if s.opened == 3 {
				return []outgoing{o, {message: `{"surprise":{}}`}}
			}
			return []outgoing{o}
		}
		r := runAudit(t, cfg)
		if len(published) != 2 || published[0] < 499 || published[0] > 501 {
			t.Errorf("got progress %v, want 500 and about 1000 published", published)
		}
		if found.Load() != 5 || r.Broken < 10 {
			t.Errorf("got %d findings of %d, want the first 5", found.Load(), r.Broken)
		}
	})
}
