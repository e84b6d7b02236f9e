package amqp

import (
	"context"
	"time"
)

// State is how far a Source has come.
type State uint8

// The states of a Source, in the order in which it goes through them.
const (
	// Connecting: there is no connection, or it is being prepared.
	Connecting State = iota
	// Reading: messages of the past are being read.
	Reading
	// Following: everything up to a marker of this connection was read.
	Following
)

// States lists every State.
func States() []State { return []State{Connecting, Reading, Following} }

// String returns the state's name, one lower-case word.
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Reading:
		return "reading"
	case Following:
		return "following"
	default:
		return "unknown"
	}
}

// Status is what a Source is doing.
type Status struct {
	State State
	// Since is when State began.
	Since time.Time
	// Error is why the last connection ended; nil while following.
	Error error
	// CaughtUp says that the source followed the stream at least once.
	CaughtUp bool
}

// Status returns what the source is doing now. It is safe for concurrent use.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// setState enters state; err, where not nil, becomes the Status's Error.
func (s *Source) setState(state State, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.State != state {
		s.status.State, s.status.Since = state, time.Now()
	}
	if err != nil || state == Following {
		s.status.Error = err
	}
	if state == Following {
		s.status.CaughtUp = true
	}
}

// follow notes that everything up to a marker of this connection was read, of
// which read is the number of messages.
func (s *Source) follow(ctx context.Context, read uint64) {
	if s.Status().State != Reading {
		return
	}
	s.setState(Following, nil)
	last, _ := s.journal.Last()
	s.log.InfoContext(ctx, "caught up", "position", last, "read", read)
}
