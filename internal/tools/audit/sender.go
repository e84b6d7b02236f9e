package audit

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// maxInFlight is the largest number of events without a confirm.
	maxInFlight = 2000
	// maxReconnectPause is the longest pause between two connects to the broker.
	maxReconnectPause = 5 * time.Second
)

// sender publishes the events of a run at its rate, on one connection after
// another, each event until it is confirmed.
type sender struct {
	// Fixed at construction.
	workload workload
	sent     *sentEvents
	connect  func(context.Context) (Publisher, error)
	rate     int  // events per second
	retry    bool // if false, unconfirmed events are given up
	wake     chan struct{}

	// Owned by run.
	start time.Time
	next  serial // of the next new event

	mu          sync.Mutex
	inFlight    int        // guarded by mu: events without a confirm, including those in retries
	retries     retryQueue // guarded by mu
	connections uint32     // guarded by mu: opened so far
	lastError   error      // guarded by mu
}

func newSender(cfg Config, w workload, sent *sentEvents) *sender {
	return &sender{
		workload: w, sent: sent, connect: cfg.Connect, rate: cfg.Rate, retry: !cfg.NoRetry,
		wake: make(chan struct{}, 1),
	}
}

// run publishes new events until publishing is done, and continues until all are
// confirmed or ctx is done. It closes pub, its first connection.
func (s *sender) run(ctx, publishing context.Context, pub Publisher) {
	s.start = time.Now()
	for {
		s.runConnection(ctx, publishing, pub)
		if pub = s.reconnect(ctx, publishing); pub == nil {
			return
		}
	}
}

// done reports whether nothing is left to send.
func (s *sender) done(ctx, publishing context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ctx.Err() != nil || publishing.Err() != nil && s.inFlight == 0
}

// reconnect returns a new connection, or nil if none is needed any more.
func (s *sender) reconnect(ctx, publishing context.Context) Publisher {
	for failures := 0; !s.done(ctx, publishing); failures++ {
		pause(ctx, failures, maxReconnectPause)
		pub, err := s.connect(ctx)
		if err == nil {
			return pub
		}
		s.noteError(err)
	}
	return nil
}

// sentMessage is an event that waits for its confirm.
type sentMessage struct {
	n       serial
	confirm Confirm
}

// runConnection sends on one connection until it ends or nothing is left to send.
func (s *sender) runConnection(ctx, publishing context.Context, pub Publisher) {
	defer whenDone(ctx, pub.Close)() // also ends a write that hangs
	s.mu.Lock()
	s.connections++
	conn := s.connections
	s.mu.Unlock()
	usable, broken := context.WithCancel(ctx)
	defer broken()
	unconfirmed := make(chan sentMessage, maxInFlight) // room for all, so that sending never waits here
	var confirming sync.WaitGroup
	confirming.Go(func() {
		for m := range unconfirmed {
			if !s.settle(m.n, m.confirm(ctx)) {
				broken()
			}
		}
	})
	s.send(usable, publishing, pub, conn, unconfirmed)
	close(unconfirmed)
	pub.Close() // ends the waits for confirms that cannot come any more
	confirming.Wait()
}

// send sends events when they are due, until nothing is left or the connection
// cannot be used any more.
func (s *sender) send(usable, publishing context.Context, pub Publisher, conn uint32, unconfirmed chan<- sentMessage) {
	for {
		n, ok := s.awaitDue(usable, publishing)
		if !ok {
			return
		}
		s.sent.addTry(n, conn)
		confirm, err := pub.Publish(usable, s.workload.delivery(n), s.workload.messageID(n))
		if err != nil {
			s.settle(n, err)
			return
		}
		unconfirmed <- sentMessage{n, confirm}
	}
}

// awaitDue waits until an event is due and returns it. It returns false if nothing
// is left or the connection cannot be used any more.
func (s *sender) awaitDue(usable, publishing context.Context) (serial, bool) {
	for usable.Err() == nil {
		n, wait, ok := s.due(publishing)
		switch {
		case ok:
			return n, true
		case wait == 0:
			return 0, false
		}
		stopped := publishing.Done()
		if publishing.Err() != nil {
			stopped = nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-usable.Done():
		case <-stopped:
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return 0, false
}

// due returns an event to send now. If none is due it returns the time until one
// is, or 0 if nothing is left.
func (s *sender) due(publishing context.Context) (n serial, wait time.Duration, ok bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	n, wait, ok = s.retries.pop(now)
	if ok {
		return n, 0, true
	}
	switch {
	case publishing.Err() != nil && s.inFlight == 0:
		return 0, 0, false
	case publishing.Err() != nil || s.inFlight >= maxInFlight:
		return 0, wait, false
	}
	due := s.start.Add(time.Duration(s.next) * time.Second / time.Duration(s.rate))
	if early := due.Sub(now); early > 0 {
		return 0, min(wait, early), false
	}
	s.inFlight++
	s.next++
	return s.next - 1, 0, true
}

// settle records the broker's answer to an event. It returns false if the
// connection cannot be used any more.
func (s *sender) settle(n serial, err error) (usable bool) {
	refused := errors.Is(err, ErrNotTaken)
	if err == nil {
		s.sent.confirm(n)
	} else {
		s.noteError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil || !s.retry:
		s.inFlight--
	case refused:
		s.retries.addRefused(n, time.Now())
	default:
		s.retries.add(n)
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return err == nil || refused
}

func (s *sender) noteError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastError = err
}

// status returns the number of connections so far and the last error.
func (s *sender) status() (connections int, lastError string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastError != nil {
		lastError = s.lastError.Error()
	}
	return int(s.connections), lastError
}
