package conn

import (
	"cmp"
	"time"
)

// Timeouts bounds how long a Conn waits for the broker. Zero values stand for the
// defaults given. Tests set them to hours, because a slow machine is not a broken
// broker.
type Timeouts struct {
	// Handshake bounds dialing, and then the AMQP handshake: 10 s.
	Handshake time.Duration
	// Heartbeat is AMQP's heartbeat interval, 5 s: a dead host is noticed within
	// two.
	Heartbeat time.Duration
	// Close bounds the answer to connection.close: 2 s.
	Close time.Duration
	// Answer bounds the answer to any other request, 30 s: a cluster needs less to
	// elect leaders and declare a stream.
	Answer time.Duration
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Handshake: cmp.Or(t.Handshake, 10*time.Second),
		Heartbeat: cmp.Or(t.Heartbeat, 5*time.Second),
		Close:     cmp.Or(t.Close, 2*time.Second),
		Answer:    cmp.Or(t.Answer, 30*time.Second),
	}
}
