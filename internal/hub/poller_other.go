//go:build !linux

package hub

import "context"

// poller lets no socket rest: each keeps its reader's goroutine.
type poller struct{}

func newPoller() *poller { return new(poller) }

func (*poller) run(ctx context.Context, _ func(*session)) { <-ctx.Done() }

func (*poller) rest(*session) bool { return false }

func (*poller) take(*session) bool { return false }
