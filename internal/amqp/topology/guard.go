package topology

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"ranger/internal/event"
)

// Reader is what a Guard needs of the reader of the stream.
type Reader interface {
	// CatchUp returns nil when everything that was in the stream at the call has been
	// read.
	CatchUp(ctx context.Context) error
	// RecordGap writes a gap into the stream.
	RecordGap(ctx context.Context, g event.Gap) error
	// PlaceMark puts a message into a queue that does not outlive the broker.
	PlaceMark(ctx context.Context, queue string) error
}

// Guard notices what the broker does not report: that an exchange was deleted, that its
// binding to the stream was removed, or that the broker itself was restarted. It repairs that and records a gap. Like its
// Topology it outlives connections, and one goroutine uses it at a time; Recent and
// NoteChecked are for the reader's goroutine.
type Guard struct {
	topology *Topology
	interval time.Duration // between checks
	grace    time.Duration // by how much a message may arrive later than a marker published after it
	log      *slog.Logger

	// Recent are the messages that were read lately.
	Recent  Recent
	checked atomic.Int64 // when any node last found everything in order, Unix ms; 0 for never

	fromFirst bool // the stream is read from its first message
	checks    int  // made over this connection
	exchanges [event.Trade + 1]exchangeState
	runs      runs
}

// exchangeState is what a Guard knows about an exchange.
type exchangeState struct {
	missing bool // it was missing, and no gap has been recorded for that
	warned  bool // that there is no guard for it
	exchangeRound
}

// exchangeRound is the part of exchangeState that ends with the connection.
type exchangeRound struct {
	blind       bool   // the broker denies canary or probe
	unreachable bool   // the probe is out of reach
	count       uint64 // messages read before the last check
	busy        bool   // so at the last check
}

func (g *Guard) of(x Exchange) *exchangeState { return &g.exchanges[x.Kind] }

// NewGuard returns a Guard of t's exchanges. interval is how often Check will be
// called, grace by how much a message may arrive later than a marker that was
// published after it.
func NewGuard(t *Topology, interval, grace time.Duration, log *slog.Logger) *Guard {
	return &Guard{topology: t, interval: interval, grace: grace, log: log, runs: runs{away: make(map[string]int64)}}
}

// EnsureBindings begins a new connection: it declares missing exchanges and binds
// the stream to them. streamCreated is Found.Created. A binding to an exchange that
// existed is not renewed: whether it was there all the time is for Check to find
// out.
func (g *Guard) EnsureBindings(ctx context.Context, streamCreated bool) error {
	g.checks = 0
	for _, x := range g.topology.cfg.Exchanges.All() {
		g.of(x).exchangeRound = exchangeRound{}
		if err := g.ensureBinding(ctx, x, streamCreated); err != nil {
			return err
		}
	}
	return g.topology.checkTypes()
}

func (g *Guard) ensureBinding(ctx context.Context, x Exchange, streamCreated bool) error {
	t := g.topology
	created, err := t.ensureExchange(x)
	s := g.of(x)
	s.missing = (s.missing || created) && !streamCreated
	if err != nil {
		return err
	}
	if !created && !streamCreated {
		exists, err := t.canary(x).exists()
		if err != nil && !t.isDenied(err) {
			return err
		}
		if exists {
			return nil
		}
	}
	if err := t.bind(x); err != nil || !streamCreated {
		return err
	}
	if err := g.drainProbe(ctx, x); !t.isDenied(err) { // what it has was published before there was a stream
		return err
	}
	return nil // Prepare logs it
}

// Prepare finds out for which exchanges the broker permits canary and probe, and
// logs those for which it does not. fromFirst says that the stream is read from its
// first message.
func (g *Guard) Prepare(fromFirst bool) error {
	t := g.topology
	g.fromFirst = fromFirst
	for _, x := range t.cfg.Exchanges.All() {
		err := t.watchPermitted(x)
		if err != nil && !t.isDenied(err) {
			return err
		}
		s := g.of(x)
		s.blind = err != nil
		if s.blind && !s.warned {
			g.log.Warn("gap detection is off for exchange: the broker refused canary or binding probe",
				"exchange", x.Name, "error", err, "advice", t.denialAdvice(x, err))
		}
		s.warned = s.blind
	}
	return nil
}

// NoteChecked notes that a node found everything in order, Unix ms. A time in the
// future is ignored: its node's clock is ahead, and a gap must not begin after it
// has ended.
func (g *Guard) NoteChecked(at int64) {
	if at > g.checked.Load() && at <= time.Now().UnixMilli() {
		g.checked.Store(at) // by one goroutine
	}
}

// lastChecked returns when a node last found everything in order, or the start of
// the window if that is not known, Unix ms.
func (g *Guard) lastChecked() int64 {
	if at := g.checked.Load(); at > 0 {
		return at
	}
	return g.topology.cfg.WindowStart()
}

// drainProbe discards what the probe of x has.
func (g *Guard) drainProbe(ctx context.Context, x Exchange) error {
	return g.readProbe(ctx, x, false, func([]byte) error { return nil })
}

// readProbe is probe.read, except that a probe that is out of reach is
// logged once and is no error.
func (g *Guard) readProbe(ctx context.Context, x Exchange, busy bool, judge func(body []byte) error) error {
	s, err := g.of(x), g.topology.probe(x).read(ctx, busy, judge)
	if !errors.Is(err, errProbeUnreachable) {
		s.unreachable = false
		return err
	}
	if !s.unreachable {
		s.unreachable = true
		g.log.WarnContext(ctx, "removed bindings are not detected: the binding probe is out of reach",
			"exchange", x.Name, "error", err, "advice",
			fmt.Sprintf("start the broker's node that has queue %s, or delete the queue: ranger declares it again", g.topology.probe(x).name()))
	}
	return nil
}
