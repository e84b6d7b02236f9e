package amqp

import (
	"context"
	"time"
)

// State is what a Source is doing.
type State uint8

// The states of a Source, in the order in which it goes through them.
const (
	// Connecting: there is no connection, or it is being prepared.
	Connecting State = iota
	// Reading: messages stored before the connection are being read.
	Reading
	// Following: everything up to a marker of this connection has been read.
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
	// Host is the host of the broker, with its port, that the Source is connected to, or
	// tried last; empty before the first attempt.
	Host string
	// CaughtUp reports whether the source has been Following at least once.
	CaughtUp bool
}

// Status returns the current status. It is safe for concurrent use.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.status
	status.Host = s.hosts.Host()
	return status
}

// setState enters state. err, if not nil, becomes Status.Error.
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

// follow enters Following, if it was Reading, after so many messages.
func (s *Source) follow(ctx context.Context, read uint64) {
	if s.Status().State != Reading {
		return
	}
	s.setState(Following, nil)
	last, _ := s.journal.Last()
	s.log.InfoContext(ctx, "caught up", "position", last, "read", read)
}
