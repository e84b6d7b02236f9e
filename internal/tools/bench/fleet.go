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

// fleet is all sockets of a group of users.
type fleet struct {
	// Fixed at construction, by newFleet or before connect.
	run         *run
	first, size int // the users
	sockets     int // of each
	resume      bool
	hold        chan struct{} // where it is set, sockets do not read until it is closed
	mayEnd      bool          // the server may end it, of one socket
	narrow      bool          // sockets have a small receive buffer
	clients     []*client     // user by user

	tokens  []string // of each user, once signed
	tally   *tally
	ending  atomic.Bool    // sockets that end are ended by the fleet
	reading sync.WaitGroup // the readers
}

// newFleet makes the sockets of so many users, the first of them with that index.
func (r *run) newFleet(first, users, sockets int) *fleet {
	f := &fleet{run: r, first: first, size: users, sockets: sockets, tally: newTally(r.cfg.Patience)}
	for user := range users {
		for range sockets {
			f.clients = append(f.clients, &client{fleet: f, shard: &r.shards[r.sockets%shards], index: r.sockets, user: first + user})
			r.sockets++
		}
	}
	return f
}

// sign makes the tokens of all users.
func (f *fleet) sign(ctx context.Context) error {
	f.tokens = make([]string, f.size)
	var next, done atomic.Int64
	defer f.run.watch("signing tokens", int64(f.size), done.Load)()
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < f.size; i = int(next.Add(1)) - 1 {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				token, err := f.run.cfg.Token(f.run.plan.uid(f.first + i))
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

// pace is how a fleet connects.
type pace struct {
	workers int           // how many connect at once
	apart   time.Duration // when a socket is due after the one before; 0: as soon as can be
	again   bool          // a socket that cannot connect tries again
}

// gentle is how a fleet connects where that is not what is measured.
func (r *run) gentle() pace { return pace{workers: r.cfg.Connecting} }

// connect opens all sockets. They read from then on. With an error none is left.
func (f *fleet) connect(ctx context.Context, p pace) error {
	f.ending.Store(false)
	var next, done atomic.Int64
	defer f.run.watch("connecting", int64(len(f.clients)), done.Load)()
	start := f.run.now()
	g, trying := errgroup.WithContext(ctx)
	for range min(p.workers, len(f.clients)) {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(f.clients); i = int(next.Add(1)) - 1 {
				due := f.run.now()
				if p.apart > 0 {
					due = start + time.Duration(i)*p.apart
				}
				if err := f.openOne(trying, f.clients[i], due, p.again); err != nil {
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

// mostTries bounds how often a socket tries to connect.
const mostTries = 30

// openOne opens a socket when it is due.
func (f *fleet) openOne(ctx context.Context, c *client, due time.Duration, again bool) error {
	err := f.run.until(ctx, due)
	for try := 1; err == nil; try++ {
		if err = c.open(ctx); err == nil {
			now := f.run.now()
			c.shard.add([]sample{{laneConnect, now - due}})
			f.reading.Go(c.read)
			return nil
		}
		if (again || errors.Is(err, errBusy)) && try < mostTries && ctx.Err() == nil {
			err = f.run.rest(ctx, time.Second/2+rand.N(time.Second/2)) //nolint:gosec // a pause needs no secrecy
		}
	}
	return err
}

// lost notes that the server ended a socket.
func (f *fleet) lost(c *client) {
	if f.mayEnd {
		f.tally.end()
	} else {
		f.run.faults.add(broken, 1, "a socket of %s ended: %v", f.run.plan.uid(c.user), c.err)
	}
}

// stop ends all sockets and waits for their readers. It may be called again.
func (f *fleet) stop() {
	f.ending.Store(true)
	for _, c := range f.clients {
		if c.conn != nil {
			_ = c.conn.Close()
		}
	}
	f.reading.Wait()
}

// judge stops the fleet and counts as missing what its sockets were not sent,
// those aside that the server ended.
func (f *fleet) judge() {
	f.stop()
	for _, c := range f.clients {
		if want := f.run.sent[c.user]; c.err == nil && c.next < want {
			f.run.faults.add(missing, int64(want-c.next), "a socket of %s was not sent its events %d to %d", f.run.plan.uid(c.user), c.next, want-1)
		}
	}
}
