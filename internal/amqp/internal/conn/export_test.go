package conn

import (
	"context"
	"io"
	"time"
)

// New returns a Conn over a socket that has no connection on it. Only Do and
// TimedOut work.
func New(socket io.Closer, behind func(since time.Time) bool, t Timeouts) *Conn {
	return &Conn{socket: socket, behind: behind, timeouts: t.withDefaults()}
}

// SetLookup makes h resolve names by lookup.
func (h *Hosts) SetLookup(lookup func(ctx context.Context, host string) ([]string, error)) {
	h.lookup = lookup
}
