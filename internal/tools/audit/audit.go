// Package audit is the judge of deliveries: it publishes numbered events, keeps
// an account of what each user must get, runs clients that reconnect and resume,
// and compares.
package audit

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	weak "math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"ranger/internal/event"
)

// Config says what a run is. Zero values stand for the defaults given.
type Config struct {
	// Nodes are the URLs that clients connect to, ws:// or wss://, any of them
	// each time. At least one.
	Nodes []string
	// Connect opens a connection to the broker. It is called again, by one
	// goroutine, whenever one has ended.
	Connect func(context.Context) (Publisher, error)
	// Token returns a good session token. It is called for each socket and for
	// each renewal, concurrently.
	Token func(event.UID) (string, error)

	Users    int           // 100 by default
	Sockets  int           // clients for each user, 1 by default
	Rate     int           // events a second, 100 by default
	Duration time.Duration // how long new events are published, 30 s by default
	// Settle is how long after that the last events may take to be confirmed,
	// and then how long to reach all clients; 30 s by default.
	Settle time.Duration
	// Cut is how often the connection of one client, any, is broken. 0: never.
	Cut time.Duration
	// Heartbeat is how often nodes send one, their HEARTBEAT_INTERVAL; 15 s by
	// default.
	Heartbeat time.Duration
	// NoRetry leaves events that were not confirmed at the first try out of the
	// account, instead of sending them again: each may come once, or not.
	NoRetry bool

	// Started, where it is set, is called once, when all clients have a position
	// and before the first event. The run waits for its return.
	Started func()
	// Progress, where it is set, is called every 5 s from then on with the
	// counts so far; those of lost, unannounced, duplicated and most reordered
	// events are made at the end. Calls do not overlap.
	Progress func(Report)
	// Found, where it is set, is called with each finding that is kept, as soon
	// as it is made. Calls may be concurrent.
	Found func(Finding)
	// Dial opens clients' connections; net.Dialer's by default.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

const (
	// startTimeout is how long clients may take to get their first position.
	startTimeout = time.Minute
	// progressEvery is how often progress is told.
	progressEvery = 5 * time.Second
)

// errSilent stands for the trouble of clients that had none.
var errSilent = errors.New("no answer")

// Run makes a run and returns what was found. It connects all clients, then
// publishes for cfg.Duration, or until ctx is done, and then settles. An error
// says that it could not begin. When it returns, all that it started has ended.
func Run(ctx context.Context, cfg Config) (Report, error) {
	cfg = cfg.withDefaults()
	if len(cfg.Nodes) == 0 {
		return Report{}, errors.New("no node is named")
	}
	r := newRun(cfg)
	starting, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	r.fail = fail
	pub, err := cfg.Connect(ctx)
	if err != nil {
		return Report{}, err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var clients sync.WaitGroup
	for _, c := range r.clients {
		clients.Go(func() { c.run(work) })
	}
	err = r.start(starting)
	if err == nil {
		cfg.Started()
		err = r.publish(ctx, work, pub)
	} else {
		pub.Close()
	}
	stop()
	clients.Wait()
	if err != nil {
		return Report{}, err
	}
	judgeAll(r.plan, r.account, r.transcripts, r.findings)
	return r.report(), nil
}

// run is what a run is made of.
type run struct {
	cfg         Config
	plan        plan
	account     *account
	findings    *findings
	publishing  *publishing
	clients     []*client
	transcripts []*transcript // the clients'

	fail    context.CancelCauseFunc // ends the start; later it does nothing
	waiting atomic.Int64            // clients without a position
	ready   chan struct{}           // closed when there is none

	mu      sync.Mutex
	trouble error // guarded by mu: why a client did not connect, the latest
}

func newRun(cfg Config) *run {
	now := time.Now()
	r := &run{
		cfg:     cfg,
		plan:    plan{run: rand.Text()[:8], users: cfg.Users, created: now.UTC().Format(time.RFC3339)},
		account: &account{start: now},
		ready:   make(chan struct{}),
	}
	r.findings = newFindings(r.account, r.found)
	r.publishing = newPublishing(cfg, r.plan, r.account)
	for user := range cfg.Users {
		for i := range cfg.Sockets {
			uid := r.plan.uid(user)
			r.add(&transcript{name: fmt.Sprintf("%s/%d", uid, i), uid: uid, user: user})
		}
	}
	r.waiting.Store(int64(len(r.clients)))
	return r
}

// add makes a client.
func (r *run) add(t *transcript) {
	r.transcripts = append(r.transcripts, t)
	r.clients = append(r.clients, &client{
		nodes:  r.cfg.Nodes,
		dialer: websocket.Dialer{HandshakeTimeout: handshakeTimeout, NetDialContext: r.cfg.Dial},
		token:  r.cfg.Token,
		ready: func() {
			if r.waiting.Add(-1) == 0 {
				close(r.ready)
			}
		},
		failed: r.failed,
		witness: witness{
			plan: r.plan, account: r.account, findings: r.findings, transcript: t,
			patience: patience(r.cfg.Heartbeat),
		},
	})
}

// found hands a finding on. One that is made before there are events says that
// the run cannot begin.
func (r *run) found(f Finding) {
	r.fail(errors.New(f.String()))
	if r.cfg.Found != nil {
		r.cfg.Found(f)
	}
}

func (r *run) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = err
}

// start waits until all clients have a position.
func (r *run) start(ctx context.Context) error {
	late := time.NewTimer(startTimeout)
	defer late.Stop()
	select {
	case <-r.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("connect all clients: %w", context.Cause(ctx))
	case <-late.C:
		r.mu.Lock()
		defer r.mu.Unlock()
		return fmt.Errorf("connect all clients: %d of %d have no position after %s; the latest trouble: %w",
			r.waiting.Load(), len(r.clients), startTimeout, cmp.Or(r.trouble, errSilent))
	}
}

// publish publishes until ctx is done or the time is over, and settles.
func (r *run) publish(ctx, work context.Context, pub Publisher) error {
	aside, stop := context.WithCancel(work)
	defer stop()
	var g errgroup.Group
	g.Go(func() error { return r.tell(aside) })
	g.Go(func() error { return r.cut(aside) })

	fresh, enough := context.WithTimeout(ctx, r.cfg.Duration)
	defer enough()
	sending, giveUp := context.WithCancel(work)
	defer giveUp()
	confirmed := make(chan struct{})
	g.Go(func() error {
		defer close(confirmed)
		r.publishing.run(sending, fresh, pub)
		return nil
	})
	<-fresh.Done()
	select {
	case <-confirmed:
	case <-time.After(r.cfg.Settle):
		giveUp()
		<-confirmed
	}
	r.settle()
	stop()
	return g.Wait()
}

// tell tells progress until ctx is done.
func (r *run) tell(ctx context.Context) error {
	if r.cfg.Progress == nil {
		return nil
	}
	every(ctx, progressEvery, func() { r.cfg.Progress(r.report()) })
	return nil
}

// cut breaks connections until ctx is done.
func (r *run) cut(ctx context.Context) error {
	if r.cfg.Cut > 0 {
		every(ctx, r.cfg.Cut, func() {
			r.clients[weak.IntN(len(r.clients))].cut() //nolint:gosec // a choice needs no secrecy
		})
	}
	return nil
}

// every calls f every d until ctx is done.
func every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}

func (cfg Config) withDefaults() Config {
	or(&cfg.Users, 100)
	or(&cfg.Sockets, 1)
	or(&cfg.Rate, 100)
	or(&cfg.Duration, 30*time.Second)
	or(&cfg.Settle, 30*time.Second)
	or(&cfg.Heartbeat, 15*time.Second)
	if cfg.Started == nil {
		cfg.Started = func() {}
	}
	return cfg
}

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
