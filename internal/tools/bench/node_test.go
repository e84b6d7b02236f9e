package bench_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/hub/hubtest"
	"ranger/internal/journal"
	"ranger/internal/tools/bench"
)

// node is a real server without a broker: what is published goes directly into its
// journal.
type node struct {
	hub     *hub.Hub
	window  *journal.Journal
	pipes   *hubtest.Pipes
	mangle  func(event.Event) []event.Event // replaces an event; nil: no change
	publish func(n int) error               // called before message n is stored; may be nil

	taken atomic.Int64 // messages published so far

	mu   sync.Mutex // also serializes appends
	next uint64     // guarded by mu: offset of the next message
}

// newNode starts a node and ends it with the test.
func newNode(tb testing.TB, cfg journal.Config) *node {
	n := &node{window: journal.New(cfg), pipes: hubtest.NewPipes()}
	n.hub = hub.New(hub.Config{}, n.window, trusting{}, noMetrics{}, slog.New(slog.DiscardHandler))
	hubtest.Serve(tb, n.hub, n.pipes, slog.New(slog.DiscardHandler))
	return n
}

// config returns a small load on the node.
func (n *node) config() bench.Config {
	return bench.Config{
		URL:     "ws://node.test/sockets?of=it",
		Token:   func(uid event.UID) (string, error) { return string(uid), nil },
		Connect: func(context.Context) (bench.Publisher, error) { return publisher{n}, nil },
		Dial:    func(ctx context.Context, _, _ string) (net.Conn, error) { return n.pipes.Dial(ctx) },
		Users:   20, Events: 200,
	}
}

// publisher is a connection to the node's broker.
type publisher struct{ node *node }

func (p publisher) Publish(_ context.Context, d event.Delivery) error {
	n := p.node
	taken := int(n.taken.Add(1)) - 1
	if n.publish != nil {
		if err := n.publish(taken); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var events []event.Event
	for _, e := range event.Decode(d, 1<<18, nil).Events {
		if n.mangle != nil {
			events = append(events, n.mangle(e)...)
		} else {
			events = append(events, e)
		}
	}
	// One event per message, because a log accepts an offset only once.
	for _, e := range events {
		m := journal.Message{Position: journal.Position{Offset: n.next, Check: event.Check(e.Message)}, At: time.Now().UnixMilli(), Events: []event.Event{e}}
		n.window.Append(m)
		n.next++
	}
	return nil
}

func (publisher) Flush(context.Context) error { return nil }
func (publisher) Close()                      {}

// trusting accepts any token and uses it as the uid.
type trusting struct{}

func (trusting) Verify(_ context.Context, token string, _ netip.AddrPort) (event.Identity, error) {
	return event.Identity{UID: event.UID(token), Expires: time.Now().Add(time.Hour)}, nil
}

func (trusting) NoToken(context.Context, netip.AddrPort) {}

type noMetrics struct{}

func (noMetrics) Delivered(int) {}
func (noMetrics) Closed(int)    {}
func (noMetrics) Unparkable()   {}

// Lagged does nothing.
func (noMetrics) Lagged(time.Duration) {}

// announce appends a gap for all users.
func (n *node) announce(g event.Gap) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.window.Append(journal.Message{Position: journal.Position{Offset: n.next}, At: time.Now().UnixMilli(), Gap: g.Message()})
	n.next++
}
