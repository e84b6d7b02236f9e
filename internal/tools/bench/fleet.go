package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// fleet is the sockets of a group of users.
type fleet struct {
	// Fixed before connect.
	run         *run
	first, size int // index of the first user, and number of users
	sockets     int // per user
	resume      bool
	holdReads   chan struct{} // if set, sockets do not read until it is closed
	mayEnd      bool          // the server may end the socket; only for a fleet of one socket
	smallBuffer bool          // sockets have a small receive buffer
	clients     []*client     // by user

	tokens   []string // by user, set by sign
	counts   *counts
	stopping atomic.Bool    // the fleet ends the sockets
	reading  sync.WaitGroup // readers
}

// newFleet returns the sockets of a number of users, from index first on.
func (r *run) newFleet(first, users, sockets int) *fleet {
	f := &fleet{run: r, first: first, size: users, sockets: sockets, counts: newCounts(r.cfg.Patience)}
	for user := range users {
		for range sockets {
			f.clients = append(f.clients, &client{fleet: f, shard: &r.shards[r.sockets%shards], index: r.sockets, user: first + user})
			r.sockets++
		}
	}
	return f
}

// sign signs a token for each user.
func (f *fleet) sign(ctx context.Context) error {
	f.tokens = make([]string, f.size)
	var next, done atomic.Int64
	defer f.run.progress("signing tokens", int64(f.size), done.Load)()
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < f.size; i = int(next.Add(1)) - 1 {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				token, err := f.run.cfg.Token(f.run.workload.uid(f.first + i))
				if err != nil {
					return fmt.Errorf("sign a token: %w", err)
				}
				f.tokens[i] = token
				done.Add(1)
			}
			return nil
		})
	}
	return g.Wait()
}

func (f *fleet) token(c *client) string { return f.tokens[c.user-f.first] }

// pace describes how a fleet connects.
type pace struct {
	workers  int           // concurrent connects
	interval time.Duration // time between the due times of two connects; 0: none
	retry    bool          // a failed connect is retried
}

// connectPace is the pace of a fleet whose connects are not measured.
func (r *run) connectPace() pace { return pace{workers: r.cfg.Connecting} }

// connect opens all sockets, which start to read. After an error none is open.
func (f *fleet) connect(ctx context.Context, p pace) error {
	f.stopping.Store(false)
	var next, done atomic.Int64
	defer f.run.progress("connecting", int64(len(f.clients)), done.Load)()
	start := f.run.now()
	g, trying := errgroup.WithContext(ctx)
	for range min(p.workers, len(f.clients)) {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(f.clients); i = int(next.Add(1)) - 1 {
				due := f.run.now()
				if p.interval > 0 {
					due = start + time.Duration(i)*p.interval
				}
				if err := f.connectOne(trying, f.clients[i], due, p.retry); err != nil {
					return fmt.Errorf("connect socket %d of %d: %w", i+1, len(f.clients), err)
				}
				done.Add(1)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		f.stop()
		return err
	}
	return nil
}

// maxTries bounds the connects of one socket.
const maxTries = 30

// connectOne opens a socket at its due time.
func (f *fleet) connectOne(ctx context.Context, c *client, due time.Duration, retry bool) error {
	err := f.run.sleepUntil(ctx, due)
	for try := 1; err == nil; try++ {
		if err = c.connect(ctx); err == nil {
			now := f.run.now()
			c.shard.add([]sample{{classConnect, now - due}})
			f.reading.Go(c.read)
			return nil
		}
		if (retry || errors.Is(err, errBusy)) && try < maxTries && ctx.Err() == nil {
			err = f.run.sleep(ctx, time.Second/2+rand.N(time.Second/2)) //nolint:gosec // a pause needs no secrecy
		}
	}
	return err
}

// socketEnded records that the server ended a socket.
func (f *fleet) socketEnded(c *client) {
	if f.mayEnd {
		f.counts.end()
	} else {
		f.run.faults.add(broken, 1, "a socket of %s ended: %v", f.run.workload.uid(c.user), c.err)
	}
}

// stop ends all sockets and waits for their readers. It may be called again.
func (f *fleet) stop() {
	f.stopping.Store(true)
	for _, c := range f.clients {
		if c.conn != nil {
			_ = c.conn.Close()
		}
	}
	f.reading.Wait()
}

// checkMissing stops the fleet and counts the events that its sockets did not
// receive, except on sockets that the server ended.
func (f *fleet) checkMissing() {
	f.stop()
	for _, c := range f.clients {
		if want := f.run.sent[c.user]; c.err == nil && c.next < want {
			f.run.faults.add(missing, int64(want-c.next), "a socket of %s did not receive events %d to %d", f.run.workload.uid(c.user), c.next, want-1)
		}
	}
}
