// Package topology creates and checks what ranger needs at the broker: two
// exchanges, the stream or the node's queue, and the bindings between them.
package topology

import (
	"cmp"
	"time"
)

// Config names what ranger uses at the broker. Zero values stand for the defaults
// given.
type Config struct {
	// Node names this process in markers, and its queue.
	Node string
	// Exchanges are those that publishers send to.
	Exchanges Exchanges
	// Stream names the stream that both exchanges feed, "ranger" by default.
	Stream string
	// Queue makes the node read a classic queue instead of a stream, named after
	// Stream and Node: positions then end with the process.
	Queue bool
	// MaxAge (6 hours) and MaxBytes (1 GiB) bound the stream when ranger declares it.
	MaxAge   time.Duration
	MaxBytes int64
	// Window is how far back a node reads when it starts, 15 minutes by default.
	Window time.Duration
}

// WithDefaults returns c with its defaults.
func (c Config) WithDefaults() Config {
	c.Exchanges = c.Exchanges.WithDefaults()
	c.Stream = cmp.Or(c.Stream, "ranger")
	c.MaxAge = cmp.Or(c.MaxAge, 6*time.Hour)
	c.MaxBytes = cmp.Or(c.MaxBytes, 1<<30)
	c.Window = cmp.Or(c.Window, 15*time.Minute)
	return c
}

// WindowStart returns the time at which the window of a node begins that starts now,
// Unix ms.
func (c Config) WindowStart() int64 { return time.Now().Add(-c.Window).UnixMilli() }

// Source returns the name of the stream or queue that the node reads.
func (c Config) Source() string {
	if c.Queue {
		return c.Stream + "." + c.Node
	}
	return c.Stream
}
