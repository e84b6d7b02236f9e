//go:build !linux

package park

import (
	"context"
	"syscall"
)

// Poller parks no socket.
type Poller struct{}

// New returns a Poller.
func New() *Poller { return new(Poller) }

// Run returns nil when ctx is done.
func (*Poller) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Park returns false.
func (*Poller) Park(syscall.RawConn, Waker) (bool, error) { return false, nil }

// Unpark returns false.
func (*Poller) Unpark(int, Waker) bool { return false }
