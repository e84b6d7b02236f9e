package amqp

import (
	"cmp"
	"time"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/scan"
)

// limits bounds how long a Source waits for the broker before it gives up its
// connections. Zero values stand for the defaults given. Tests set them to hours,
// because a slow machine is not a broken broker.
type limits struct {
	conn.Timeouts

	Record time.Duration // a gap record's confirm; 10 s
	Window time.Duration // the first message of the window; 30 s
	End    time.Duration // the stream's last chunk, and the messages in it; 1 s

	// Silence is how long nothing may arrive while a marker is awaited;
	// 2 × CheckInterval.
	Silence time.Duration
	// Grace is by how much a message may arrive later than a marker that was
	// published after it; CheckInterval / 5.
	Grace time.Duration
}

func (l limits) withDefaults(checkInterval time.Duration) limits {
	l.Record = cmp.Or(l.Record, 10*time.Second)
	l.Window = cmp.Or(l.Window, scan.WindowTimeout)
	l.End = cmp.Or(l.End, scan.EndTimeout)
	l.Silence = cmp.Or(l.Silence, 2*checkInterval)
	l.Grace = cmp.Or(l.Grace, checkInterval/5)
	return l
}
