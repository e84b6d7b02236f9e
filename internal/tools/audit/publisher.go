package audit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"ranger/internal/event"
)

// ErrNotTaken says that the broker has refused or returned a message, and that
// the connection is as good as before.
var ErrNotTaken = errors.New("the broker did not take the message")

// Publisher is a connection to the broker. Its methods are safe for concurrent
// use.
type Publisher interface {
	// Publish sends d to the exchange of its kind, with that `message_id`, and
	// returns what waits for the broker's confirm. An error says that the
	// connection is of no more use.
	Publish(ctx context.Context, d event.Delivery, id string) (Confirm, error)
	// Close ends the connection and all that waits on it. It may be called more
	// than once.
	Close()
}

// Confirm waits for the broker: nil says that it has taken the message and
// routed it, ErrNotTaken that it has not. Any other error leaves open what became
// of the message, and the connection is of no more use.
type Confirm func(ctx context.Context) error

const (
	// mostInFlight is how many events may be without their confirm.
	mostInFlight = 2000
	// retryPause is how long what was not taken waits, lest it be sent all the
	// time while nobody takes it.
	retryPause = 200 * time.Millisecond
	// longestReconnect is the longest between two tries to reach the broker.
	longestReconnect = 5 * time.Second
)

// publishing sends the run's events at its rate, each until it is confirmed, on
// one connection after another.
type publishing struct {
	// Fixed at construction.
	plan    plan
	account *account
	connect func(context.Context) (Publisher, error)
	rate    int  // a second
	retry   bool // else what is not confirmed is left out of the account
	wake    chan struct{}

	// Owned by run.
	begun time.Time
	sent  serial // how many events were sent, thus the next one

	mu          sync.Mutex
	inFlight    int       // guarded by mu: events without their confirm, those of again too
	again       []serial  // guarded by mu: to be sent again, in order
	notBefore   time.Time // guarded by mu: for those of again
	connections uint32    // guarded by mu
	trouble     error     // guarded by mu: the latest
}

func newPublishing(cfg Config, p plan, a *account) *publishing {
	return &publishing{
		plan: p, account: a, connect: cfg.Connect, rate: cfg.Rate, retry: !cfg.NoRetry,
		wake: make(chan struct{}, 1),
	}
}

// run publishes new events until fresh is done, and then goes on until all are
// confirmed or ctx is done. It closes pub, its first connection.
func (p *publishing) run(ctx, fresh context.Context, pub Publisher) {
	p.begun = time.Now()
	for {
		p.connection(ctx, fresh, pub)
		if pub = p.reconnect(ctx, fresh); pub == nil {
			return
		}
	}
}

// over tells whether nothing is left to be sent.
func (p *publishing) over(ctx, fresh context.Context) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return ctx.Err() != nil || fresh.Err() != nil && p.inFlight == 0
}

// reconnect returns a new connection, or nil when there is no more use for one.
func (p *publishing) reconnect(ctx, fresh context.Context) Publisher {
	for failures := 0; !p.over(ctx, fresh); failures++ {
		pause(ctx, failures, longestReconnect)
		pub, err := p.connect(ctx)
		if err == nil {
			return pub
		}
		p.note(err)
	}
	return nil
}

// onItsWay is an event that was sent.
type onItsWay struct {
	n       serial
	confirm Confirm
}

// connection is the life of one connection.
func (p *publishing) connection(ctx, fresh context.Context, pub Publisher) {
	defer whenDone(ctx, pub.Close)() // ends a write that hangs, too
	p.mu.Lock()
	p.connections++
	conn := p.connections
	p.mu.Unlock()
	usable, give := context.WithCancel(ctx)
	defer give()
	waiting := make(chan onItsWay, mostInFlight) // room for all, so that sending never waits here
	var confirming sync.WaitGroup
	confirming.Go(func() {
		for m := range waiting {
			if !p.settle(m.n, m.confirm(ctx)) {
				give()
			}
		}
	})
	p.send(usable, fresh, pub, conn, waiting)
	close(waiting)
	pub.Close() // what still waits learns that it waits in vain
	confirming.Wait()
}

// send sends what is due until nothing is left or the connection is of no more
// use.
func (p *publishing) send(usable, fresh context.Context, pub Publisher, conn uint32, waiting chan<- onItsWay) {
	for {
		n, ok := p.next(usable, fresh)
		if !ok {
			return
		}
		p.account.sending(n, conn)
		confirm, err := pub.Publish(usable, p.plan.delivery(n), p.plan.messageID(n))
		if err != nil {
			p.settle(n, err)
			return
		}
		waiting <- onItsWay{n, confirm}
	}
}

// next waits for an event to be due and returns it. False: nothing is left, or
// the connection is of no more use.
func (p *publishing) next(usable, fresh context.Context) (serial, bool) {
	for usable.Err() == nil {
		n, wait, ok := p.due(fresh)
		switch {
		case ok:
			return n, true
		case wait == 0:
			return 0, false
		}
		stopped := fresh.Done()
		if fresh.Err() != nil {
			stopped = nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-usable.Done():
		case <-stopped:
		case <-p.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return 0, false
}

// due returns an event that has to be sent now, or how long there is none, or
// neither: nothing is left.
func (p *publishing) due(fresh context.Context) (n serial, wait time.Duration, ok bool) {
	const long = time.Hour // until something changes
	p.mu.Lock()
	defer p.mu.Unlock()
	wait = long
	if len(p.again) > 0 {
		if wait = time.Until(p.notBefore); wait <= 0 {
			n, p.again = p.again[0], p.again[1:]
			return n, 0, true
		}
	}
	switch {
	case fresh.Err() != nil && p.inFlight == 0:
		return 0, 0, false
	case fresh.Err() != nil || p.inFlight >= mostInFlight:
		return 0, wait, false
	}
	due := p.begun.Add(time.Duration(p.sent) * time.Second / time.Duration(p.rate))
	if early := time.Until(due); early > 0 {
		return 0, min(wait, early), false
	}
	p.inFlight++
	p.sent++
	return p.sent - 1, 0, true
}

// settle takes what became of an event that was sent. False: the connection is
// of no more use.
func (p *publishing) settle(n serial, err error) (usable bool) {
	if err == nil {
		p.account.confirm(n)
	} else {
		p.note(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil || !p.retry {
		p.inFlight--
	} else {
		if len(p.again) == 0 { // else what comes back all the time would put it off for ever
			p.notBefore = time.Now()
			if errors.Is(err, ErrNotTaken) {
				p.notBefore = p.notBefore.Add(retryPause)
			}
		}
		i, _ := slices.BinarySearch(p.again, n)
		p.again = slices.Insert(p.again, i, n)
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return err == nil || errors.Is(err, ErrNotTaken)
}

// note keeps err for the report.
func (p *publishing) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trouble = err
}

// status returns how many connections there were, and the latest trouble.
func (p *publishing) status() (connections int, trouble string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trouble != nil {
		trouble = p.trouble.Error()
	}
	return int(p.connections), trouble
}
