package amqp

import (
	"cmp"
	"context"
	"time"

	"ranger/internal/amqp/topology"
	"ranger/internal/event"
)

// Config sets up a Source. Zero values stand for the defaults given.
type Config struct {
	// URL is the broker's, amqp:// or amqps://, or a list of those of a cluster's hosts,
	// separated by commas. It is never logged.
	URL string
	// Config names what the node reads.
	topology.Config
	// Members turns member ids into uids; nil: none is known.
	Members Members
	// MaxBody is the largest body in bytes that is decoded, 256 KiB by default.
	MaxBody int
	// Prefetch is how many messages may be in flight, 2000 by default; of a queue at
	// least two.
	Prefetch int
	// CheckInterval is how often topology and progress are checked, 5 s by default.
	CheckInterval time.Duration
	// Portable makes the Source take its deliveries from amqp091-go, which works
	// everywhere and costs more.
	Portable bool

	limits limits
}

func (c Config) withDefaults() Config {
	c.Config = c.WithDefaults()
	c.MaxBody = cmp.Or(c.MaxBody, 256<<10)
	c.Prefetch = cmp.Or(c.Prefetch, 2000)
	if c.Queue {
		c.Prefetch = max(2, c.Prefetch) // the newest is never acknowledged
	}
	c.CheckInterval = cmp.Or(c.CheckInterval, 5*time.Second)
	c.limits = c.limits.withDefaults(c.CheckInterval)
	return c
}

// Metrics counts what became of messages. Its methods are called by the goroutine
// that reads.
type Metrics interface {
	// Event counts an event that was appended for a user.
	Event(kind event.Kind)
	// Undelivered counts a recipient, or a whole message, that was not delivered.
	Undelivered(reason event.Reason)
	// Retried counts a message that was a publisher's duplicate, by its message_id.
	Retried()
	// Gap counts a gap that is announced to clients.
	Gap(reason event.GapReason)
}

// Members turns Peatio's member ids into uids.
type Members interface {
	event.Directory
	// Find looks for an id that is not in memory. It may wait some seconds for a
	// directory that does not answer, or until ctx ends.
	Find(ctx context.Context, member string) (event.UID, bool)
}
