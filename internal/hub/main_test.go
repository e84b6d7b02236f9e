package hub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ranger/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// verifyFunc is a Verifier.
type verifyFunc func(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error)

func (f verifyFunc) Verify(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error) {
	return f(ctx, token, peer)
}

func (verifyFunc) NoToken(context.Context, netip.AddrPort) {}

// noTokens is a Verifier that counts calls of NoToken.
type noTokens struct {
	verifyFunc
	*counters
}

func (n noTokens) NoToken(context.Context, netip.AddrPort) { n.TokenRefused("no_bearer") }

// readToken is the verifier of tests without another one. A token is "uid", valid for an
// hour, or "uid/90s"; "bad" is refused, "broken" fails, "panic" panics.
func readToken(_ context.Context, token string, _ netip.AddrPort) (event.Identity, error) {
	uid, life, _ := strings.Cut(token, "/")
	switch uid {
	case "bad":
		return event.Identity{}, fmt.Errorf("%w: it is bad", event.ErrRefused)
	case "broken":
		return event.Identity{}, errors.New("out of order")
	case "panic":
		panic("a fault of ranger")
	}
	d, err := time.ParseDuration(life)
	if err != nil {
		d = time.Hour
	}
	return event.Identity{UID: event.UID(uid), Expires: time.Now().Add(d)}, nil
}

// counters are Metrics.
type counters struct {
	mu         sync.Mutex
	delivered  int
	writes     int // calls of Delivered
	lags       []time.Duration
	closed     map[int]int
	unparkable int
	refused    map[string]int
}

func (c *counters) Delivered(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delivered += n
	c.writes++
}

func (c *counters) Lagged(lag time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lags = append(c.lags, lag)
}

func (c *counters) Unparkable() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unparkable++
}

func (c *counters) unparkables() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unparkable
}

func (c *counters) Closed(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed == nil {
		c.closed = map[int]int{}
	}
	c.closed[code]++
}

func (c *counters) TokenRefused(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = map[string]int{}
	}
	c.refused[reason]++
}

// read returns copies of the counts.
func (c *counters) read() (delivered int, closed map[int]int, refused map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.delivered, maps.Clone(c.closed), maps.Clone(c.refused)
}

// logBuffer keeps the log.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
