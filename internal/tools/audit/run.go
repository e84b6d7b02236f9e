package audit

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	weak "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

const (
	// startTimeout bounds the time until all clients have their first position.
	startTimeout = time.Minute
	// progressInterval is the time between two calls of Config.Progress.
	progressInterval = 5 * time.Second
)

// errNoAnswer is the last error of clients that had none.
var errNoAnswer = errors.New("no answer")

// run holds the parts of one audit.
type run struct {
	// Fixed at construction.
	cfg         Config
	workload    workload
	sent        *sentEvents
	findings    *findings
	sender      *sender
	clients     []*client
	transcripts []*transcript // by client

	fail    context.CancelCauseFunc // ends the start; no effect after it
	waiting atomic.Int64            // clients without a position
	ready   chan struct{}           // closed when waiting is 0

	mu        sync.Mutex
	lastError error // guarded by mu: of the clients' connects
}

func newRun(cfg Config) *run {
	now := time.Now()
	r := &run{
		cfg:      cfg,
		workload: workload{run: rand.Text()[:8], users: cfg.Users, created: now.UTC().Format(time.RFC3339)},
		sent:     &sentEvents{start: now},
		ready:    make(chan struct{}),
	}
	r.findings = newFindings(r.sent, r.found)
	r.sender = newSender(cfg, r.workload, r.sent)
	for user := range cfg.Users {
		for i := range cfg.Sockets {
			uid := r.workload.uid(user)
			r.addClient(&transcript{name: fmt.Sprintf("%s/%d", uid, i), uid: uid, user: user})
		}
	}
	r.waiting.Store(int64(len(r.clients)))
	return r
}

func (r *run) addClient(t *transcript) {
	r.transcripts = append(r.transcripts, t)
	r.clients = append(r.clients, &client{
		nodes:  r.cfg.Nodes,
		dialer: websocket.Dialer{HandshakeTimeout: handshakeTimeout, NetDialContext: r.cfg.Dial},
		token:  r.cfg.Token,
		onReady: func() {
			if r.waiting.Add(-1) == 0 {
				close(r.ready)
			}
		},
		onFailure: r.failed,
		checker: checker{
			workload: r.workload, sent: r.sent, findings: r.findings, transcript: t,
			silenceLimit: silenceLimit(r.cfg.Heartbeat),
		},
	})
}

// found passes a finding on. A finding before the first event makes the start
// fail.
func (r *run) found(f Finding) {
	r.fail(errors.New(f.String()))
	if r.cfg.Found != nil {
		r.cfg.Found(f)
	}
}

func (r *run) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastError = err
}

// awaitClients waits until all clients have a position.
func (r *run) awaitClients(ctx context.Context) error {
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
		return fmt.Errorf("connect all clients: %d of %d have no position after %s; last error: %w",
			r.waiting.Load(), len(r.clients), startTimeout, cmp.Or(r.lastError, errNoAnswer))
	}
}

// publish publishes until ctx is done or cfg.Duration is over, then waits for the
// last confirms and deliveries. work outlives ctx.
func (r *run) publish(ctx, work context.Context, pub Publisher) error {
	background, stop := context.WithCancel(work)
	defer stop()
	var g errgroup.Group
	g.Go(func() error { return r.reportProgress(background) })
	g.Go(func() error { return r.cutConnections(background) })

	publishing, enough := context.WithTimeout(ctx, r.cfg.Duration)
	defer enough()
	confirming, giveUp := context.WithCancel(work)
	defer giveUp()
	confirmed := make(chan struct{})
	g.Go(func() error {
		defer close(confirmed)
		r.sender.run(confirming, publishing, pub)
		return nil
	})
	<-publishing.Done()
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

// reportProgress calls cfg.Progress until ctx is done.
func (r *run) reportProgress(ctx context.Context) error {
	if r.cfg.Progress == nil {
		return nil
	}
	every(ctx, progressInterval, func() { r.cfg.Progress(r.report()) })
	return nil
}

// cutConnections breaks connections until ctx is done.
func (r *run) cutConnections(ctx context.Context) error {
	if r.cfg.Cut > 0 {
		every(ctx, r.cfg.Cut, func() {
			r.clients[weak.IntN(len(r.clients))].cut() //nolint:gosec // a choice needs no secrecy
		})
	}
	return nil
}

// every calls f at an interval until ctx is done.
func every(ctx context.Context, interval time.Duration, f func()) {
	t := time.NewTicker(interval)
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
